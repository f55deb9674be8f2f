// Preloaded (`node --import`) into programs that are not ours to change: when the supervisor is gone, the
// IPC channel closes; the program is then asked to stop, and ended if it does not.
const GRACE_MS = 8_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
});
// Listening must not keep a program alive that has ended by itself.
process.channel?.unref();
