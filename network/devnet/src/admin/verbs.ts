import type { z } from 'zod';
import type { DevnetControl } from '../control/control.ts';
import { faultSchema } from '../control/fault-types.ts';
import {
  cuttingSchema,
  identityInput,
  idInput,
  noInput,
  optionalIdInput,
  timeInput,
  traceInput,
} from './protocol.ts';

/** Runs one verb on a control: JSON in, JSON out. @throws ZodError when the input is none. */
type Verb = (control: DevnetControl, input: unknown) => Promise<unknown>;

function verb<Input>(
  input: z.ZodType<Input>,
  run: (control: DevnetControl, input: Input) => Promise<unknown>,
): Verb {
  return (control, body) => run(control, input.parse(body));
}

const DONE = { done: true };

/** All verbs but dump and load, which carry bytes. */
export const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['status', verb(noInput, (control) => control.status())],
  ['snapshot', verb(noInput, (control) => control.snapshot())],
  ['revert', verb(idInput, async (control, { id }) => control.revert(id).then(() => DONE))],
  [
    'release-snapshot',
    verb(idInput, async (control, { id }) => control.releaseSnapshot(id).then(() => DONE)),
  ],
  ['verify', verb(noInput, (control) => control.verify())],
  [
    'set-cutting',
    verb(cuttingSchema, async (control, cutting) => control.setCutting(cutting).then(() => DONE)),
  ],
  ['mine', verb(noInput, (control) => control.mine())],
  ['set-time', verb(timeInput, (control, { timeMs }) => control.setTime(timeMs))],
  ['add-fault', verb(faultSchema, (control, fault) => control.addFault(fault))],
  [
    'clear-faults',
    verb(optionalIdInput, async (control, { id }) => ({ count: await control.clearFaults(id) })),
  ],
  ['trace', verb(traceInput, (control, { txId, mspId }) => control.trace(txId, mspId))],
  ['issue-identity', verb(identityInput, (control, request) => control.issueIdentity(request))],
]);
