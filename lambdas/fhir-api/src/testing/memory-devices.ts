import {
  type AssignDeviceInput,
  type ChangeOutput,
  PulseError,
  type RegisterDeviceInput,
} from '@pulseledger/domain';
import type { DevicePort } from '../record/device-port.ts';
import type { Caller } from '../smart/token.ts';

/** The register of devices in memory, with the contract's rules of repeating. */
export class MemoryDevices {
  readonly registered: Map<string, RegisterDeviceInput> = new Map<string, RegisterDeviceInput>();
  readonly worn: AssignDeviceInput[] = [];
  readonly revoked: Set<string> = new Set<string>();

  as(caller: Caller): DevicePort {
    const mayHave = async <T>(answer: () => T): Promise<T> => {
      await Promise.resolve();
      if (caller.role !== 'administrator') throw new PulseError('access_denied');
      return answer();
    };
    return {
      registerDevice: (input) =>
        mayHave(() => {
          const known = this.registered.get(input.deviceId);
          if (known?.publicKeySpkiBase64 === input.publicKeySpkiBase64) return changed(false);
          if (known !== undefined) throw new PulseError('conflict');
          this.registered.set(input.deviceId, input);
          return changed(true);
        }),
      assignDevice: (input) =>
        mayHave(() => {
          if (!this.registered.has(input.deviceId)) throw new PulseError('not_found');
          if (this.worn.some((one) => JSON.stringify(one) === JSON.stringify(input))) {
            return changed(false);
          }
          this.worn.push(input);
          return changed(true);
        }),
      revokeDevice: ({ deviceId }) =>
        mayHave(() => {
          const isNew = !this.revoked.has(deviceId);
          this.revoked.add(deviceId);
          return changed(isNew);
        }),
    };
  }
}

function changed(isNew: boolean): ChangeOutput {
  return { status: isNew ? 'changed' : 'unchanged' };
}
