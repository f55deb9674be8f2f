import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  attachSignature,
  canonicalOrder,
  encodeChunk,
  type Reading,
  SALT_BYTES,
} from '@pulseledger/domain';
import { Api } from '../../../cli/src/system/api.ts';
import { DeviceConnection } from '../../../cli/src/trigger/device-connection.ts';
import { enrolDevice, type TriggerDevice } from '../../../cli/src/trigger/trigger-device.ts';
import type { PageBrowser } from '../../browser/page-browser.ts';
import type { RunningSystem } from '../../integration/running-system.ts';
import { type Spread, spreadOf } from './spread.ts';

/** A device that is watched sends so much at a time. */
const WINDOW_MS = 2_000;
const WINDOW_READINGS = 2;
const PATIENT = /Sample, Ben/;
/** Healthy, and never the same twice in a row. */
const [LOWEST, STEPS] = [60, 30];

/** Reports each new heart rate on the screen, in the frame in which it is drawn. */
const OBSERVE = `(() => {
  let before = '';
  const look = () => {
    const text = document.querySelector('.tile.pulse .value')?.textContent ?? '';
    if (text === before) return;
    before = text;
    requestAnimationFrame(() => { setTimeout(() => { globalThis.shown(text, Date.now()); }); });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
})()`;

/** From the device's publish to the frame that shows it: broker, queue, ingest, endorsement, commit, hint, read, drawing. */
export async function measurePublishToScreen(
  browser: PageBrowser,
  system: RunningSystem,
  count: number,
): Promise<Spread> {
  const visitor = await browser.visitor(system.system);
  await visitor.enter('hospital-doctor');
  await visitor.page.getByRole('button', { name: PATIENT }).click();
  await visitor.page.getByText('live', { exact: true }).waitFor();
  const seen = new Map<string, PromiseWithResolvers<number>>();
  await visitor.page.exposeFunction('shown', (text: string, atMs: number) => {
    seen.get(text)?.resolve(atMs);
  });
  await visitor.page.evaluate(OBSERVE);
  const device = await enrol(system);
  const connection = await DeviceConnection.open(device);
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const value = LOWEST + (index % STEPS);
    const shown = Promise.withResolvers<number>();
    seen.set(String(value), shown);
    const startMs = Date.now();
    await connection.publish(windowOf(device, index, value));
    times.push((await shown.promise) - startMs);
    await delay(Math.max(0, startMs + WINDOW_MS - Date.now()));
  }
  await connection.close();
  await visitor.leave();
  return spreadOf(times);
}

async function enrol(system: RunningSystem): Promise<TriggerDevice> {
  const file = join(system.folder, 'run', 'system.json');
  const administrator = await Api.open({ system: file, login: 'administrator' });
  const ben = system.system.logins.find(({ user }) => user === 'patient-ben');
  return enrolDevice(administrator, ben?.subjectId ?? '');
}

function windowOf(device: TriggerDevice, index: number, value: number): Uint8Array {
  const nowMs = Date.now();
  const readings = Array.from({ length: WINDOW_READINGS }, (_, second): Reading[] => {
    const atMs = nowMs - (WINDOW_READINGS - 1 - second) * 1_000;
    return [
      { code: '8867-4', unit: '/min', atMs, value },
      { code: '59408-5', unit: '%', atMs, value: 97 },
      { code: '9279-1', unit: '/min', atMs, value: 15 },
    ];
  }).flat();
  const body = encodeChunk({
    ...{ deviceId: device.deviceId, boot: device.boot, zoneOffsetMinutes: 0 },
    firstSequence: index * readings.length,
    readings: canonicalOrder(readings),
    salt: new Uint8Array(randomBytes(SALT_BYTES)),
  });
  const key = createPrivateKey(device.privateKeyPem);
  return attachSignature(body, sign('sha256', body, { key, dsaEncoding: 'ieee-p1363' }));
}
