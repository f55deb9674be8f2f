import { PulseError, type ReadVitalsInput } from '@pulseledger/domain';
import { requireReader } from '../access/reader.ts';
import { erasureFacts } from '../record/erasure-facts.ts';
import type { Call } from '../transaction/invoke.ts';

/**
 * Go on only for somebody who may read the patient's readings of a period of which something can be
 * left. A period that was erased as a whole says so, instead of looking as if nothing was measured.
 *
 * @throws PulseError `chart_closed`, `access_denied`, `gone`.
 */
export async function requireReadingsReader(call: Call<ReadVitalsInput>): Promise<void> {
  const { stub, input } = call;
  await requireReader(call, input, 'vitals');
  const { readingsErasedUntilMs } = await erasureFacts(stub, input.patientId);
  if (input.toMs <= readingsErasedUntilMs) throw new PulseError('gone');
}
