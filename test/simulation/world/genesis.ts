import type { Committed } from '../../../chaincode/src/testing/stub-double.ts';
import { ADMINISTRATOR, inputField, simulate } from './contract.ts';
import { START_MS } from './world.ts';

export const PATIENT_ID: string = 'aa'.repeat(16);
const SALT_HEX = 'c3'.repeat(16);
const DAY_MS = 86_400_000;

/** Devices that can take part; which ones do is the seed's choice. */
export const DEVICE_IDS: readonly string[] = ['d0', 'd1', 'd2'].map((pair) => pair.repeat(16));

/** What stands for the public key of a device: of the length of a P-256 key. */
export function keyOf(deviceId: string): string {
  return Buffer.alloc(91, deviceId).toString('base64');
}

let made: Promise<ReadonlyMap<string, Committed>> | undefined;

/** The ledger as every run finds it: a patient who wears all devices since yesterday. */
export function genesis(): Promise<ReadonlyMap<string, Committed>> {
  made ??= make();
  return made;
}

async function make(): Promise<ReadonlyMap<string, Committed>> {
  const state = new Map<string, Committed>();
  const submit = async (name: string, input: object): Promise<void> => {
    const transient = inputField(input);
    const call = { name, transactionId: name, identity: ADMINISTRATOR, atMs: START_MS, transient };
    const { writes } = await simulate(state, call);
    for (const [key, value] of writes) state.set(key, { value, version: 0 });
  };
  const basics = { family: 'F', given: ['G'], birthDate: '1980-02-29', gender: 'unknown' };
  await submit('care:RegisterPatient', { patientId: PATIENT_ID, basics, saltHex: SALT_HEX });
  for (const deviceId of DEVICE_IDS) {
    const publicKeySpkiBase64 = keyOf(deviceId);
    const named = { manufacturer: 'M', model: 'M', serial: deviceId.slice(0, 8) };
    await submit('device:Register', { deviceId, publicKeySpkiBase64, ...named, saltHex: SALT_HEX });
    const fromMs = START_MS - DAY_MS;
    await submit('device:Assign', { deviceId, patientId: PATIENT_ID, fromMs, untilMs: null });
  }
  return state;
}
