import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Told of process groups over its standard input (`+ 123`, `- 123`). When that input ends, the supervisor
 * is gone, however it died, and the groups still named are ended: politely first, then not.
 */
const SCRIPT = `
trap '' HUP INT TERM
groups=''
while read -r sign group; do
  rest=''
  for known in $groups; do
    [ "$known" = "$group" ] || rest="$rest $known"
  done
  [ "$sign" = '+' ] && rest="$rest $group"
  groups=$rest
done
[ -z "$groups" ] && exit 0
for group in $groups; do kill -TERM -"$group"; done
tries=0
while [ $tries -lt 50 ]; do
  alive=''
  for group in $groups; do
    kill -0 -"$group" && alive=yes
  done
  [ -z "$alive" ] && exit 0
  sleep 0.1
  tries=$((tries + 1))
done
for group in $groups; do kill -KILL -"$group"; done
`;

type Shell = ChildProcessByStdio<Writable, null, null>;

const watched = new Set<number>();
let shell: Shell | undefined;

function tell(sign: '+' | '-', group: number): void {
  shell?.stdin.write(`${sign} ${group}\n`);
}

function startShell(): Shell {
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    // A group of its own: Ctrl-C in a terminal must not reach it before the supervisor has drained.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.on('exit', () => {
    if (shell !== child) return;
    shell = undefined;
    if (watched.size > 0) startWatching();
  });
  child.unref();
  return child;
}

function startWatching(): void {
  shell = startShell();
  for (const group of watched) tell('+', group);
}

/** Ends this process group should this process die without ending it itself, even by SIGKILL. */
export function guard(group: number): void {
  watched.add(group);
  if (shell === undefined) startWatching();
  else tell('+', group);
}

/** The group has ended; its number may now belong to somebody else. */
export function release(group: number): void {
  watched.delete(group);
  tell('-', group);
  if (watched.size > 0) return;
  shell?.stdin.end();
  shell = undefined;
}
