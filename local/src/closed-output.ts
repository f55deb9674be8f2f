/** Whoever read our output (`| head`) may have gone; that is no reason to fail. */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/**
 * Ends the process as soon as what was written is handed over. Left to itself Node clears up all handles first, and was
 * seen to spin there for ever (CleanupHandles, 24.21) when everything was long done.
 */
export async function endProcess(code: number): Promise<never> {
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(code);
}

function written(stream: NodeJS.WriteStream): Promise<undefined> {
  return new Promise((resolve) => {
    // Also called, with an error, when nobody reads any more.
    stream.write('', () => {
      resolve(undefined);
    });
  });
}
