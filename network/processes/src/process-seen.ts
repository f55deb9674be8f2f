import { readFileSync } from 'node:fs';

/** Fields 3 and 22 of /proc/PID/stat (proc(5)), counted after the command's name, which may hold spaces. */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;
const ZOMBIE = 'Z';

/** A process as the kernel lists it. Without /proc (macOS) its number alone has to do. */
export interface ProcessSeen {
  /** Tells it from a later one with the same number, also over a reboot. */
  readonly startedAt: string;
  /** It has ended, and nobody has asked yet how: in a container without an init that may take for ever. */
  readonly isZombie: boolean;
}

/** What there is under that number; undefined when there is nothing. */
export function processSeen(pid: number): ProcessSeen | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      startedAt: `${bootId()}/${fields[START_TIME_FIELD] ?? ''}`,
      isZombie: fields[STATE_FIELD] === ZOMBIE,
    };
  } catch {
    return isListed(pid) ? { startedAt: '', isZombie: false } : undefined;
  }
}

/** Whether the process that was started then still runs. */
export function isRunning(pid: number, startedAt: string): boolean {
  const seen = processSeen(pid);
  return seen !== undefined && !seen.isZombie && seen.startedAt === startedAt;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function isListed(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
