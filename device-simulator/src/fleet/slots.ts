import type { DeviceDescription } from '../device/identity.ts';

const SLOT_DIGITS = 5;

/** Names a device of a fleet among its files: the same for the same number, run after run. */
export function slotOf(index: number): string {
  return String(index).padStart(SLOT_DIGITS, '0');
}

/** What a simulated wearable says of itself when it is enrolled. */
export function descriptionOf(of: {
  readonly patientId: string;
  readonly fromMs: number;
  readonly seed: number;
  readonly slot: string;
}): DeviceDescription {
  const { patientId, fromMs, seed, slot } = of;
  return {
    patientId,
    fromMs,
    manufacturer: 'Pulseledger',
    model: 'simulated wearable',
    serial: `${seed}-${slot}`,
  };
}
