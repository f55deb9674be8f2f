/** Preloaded into a child process: its clock is off by what a file says, from the moment on at which it says so. */
import { readFileSync, writeFileSync } from 'node:fs';

const POLL_MS = 10;
const file = process.env['PULSE_TEST_CLOCK'] ?? '';
const RealDate = globalThis.Date;
let offsetMs = 0;

function look(): void {
  const text = readFileSync(file, 'utf8');
  if (text === '' || Number(text) === offsetMs) return;
  offsetMs = Number(text);
  writeFileSync(`${file}.seen`, text);
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values: number[]) =>
    values.length === 0
      ? new target(RealDate.now() + offsetMs)
      : new target(...(values as [number])),
  get: (target, name, receiver): unknown =>
    name === 'now' ? () => RealDate.now() + offsetMs : Reflect.get(target, name, receiver),
});

look();
setInterval(look, POLL_MS).unref();
