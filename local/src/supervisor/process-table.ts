import { readFileSync } from 'node:fs';

/** Field 22 of /proc/PID/stat, counted after the command's name, which may hold spaces. */
const START_TIME_FIELD = 19;

/**
 * When a process was started, in the kernel's own unit; tells it from another that got the same number
 * later. Without /proc (macOS) the number alone has to do.
 */
export function processStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD];
  } catch {
    return isAlive(pid) ? '' : undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether the process that was started at that time still runs. */
export function isSameProcess(pid: number, startTime: string): boolean {
  return processStartTime(pid) === startTime;
}
