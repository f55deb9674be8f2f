import { describe, expect, it } from '@jest/globals';
import { type CommitIntentInput, PulseError } from '@pulseledger/domain';
import { commitLateEntries } from './late-entries.ts';

const ID = 'ab'.repeat(16);
const INTENT = {
  ...{ permitId: ID, patientId: ID, medicId: ID, purpose: 'BTG', recordClasses: ['basics'] },
  ...{ emergency: { reasonCode: 'trauma', text: 'an accident' }, atMs: 1, saltHex: ID },
};
const ENTRY = { intent: INTENT, classes: [], organization: 'clinic' };

/** A queue with these bodies; what is deleted is gone. */
function queueOf(...bodies: string[]) {
  const left = new Map(bodies.map((body, index) => [String(index), body]));
  const send = (command: { readonly input: { ReceiptHandle?: string } }) => {
    const { ReceiptHandle } = command.input;
    if (ReceiptHandle !== undefined) left.delete(ReceiptHandle);
    const Messages = [...left].map(([handle, Body]) => ({ Body, ReceiptHandle: handle }));
    return Promise.resolve({ Messages });
  };
  return { left, send };
}

async function round(queue: ReturnType<typeof queueOf>, refusal?: PulseError) {
  const committed: { organization: string; late: CommitIntentInput }[] = [];
  const result = await commitLateEntries({
    queue: queue,
    ...{ queueUrl: 'https://queue', giveUpAtMs: 1_000, now: () => 0 },
    clientOf: (organization) => ({
      commitIntent: (late) => {
        if (refusal !== undefined) return Promise.reject(refusal);
        committed.push({ organization, late });
        return Promise.resolve({ status: 'changed' });
      },
    }),
  });
  return { result, committed };
}

describe('late entries', () => {
  it('are committed as the API of the organization that read, and leave the queue', async () => {
    const queue = queueOf(JSON.stringify(ENTRY), JSON.stringify(ENTRY));
    const { result, committed } = await round(queue);
    expect(result).toEqual({ committed: 2, left: 0 });
    expect(committed[0]).toEqual({
      ...{ organization: 'clinic', late: { intent: INTENT, classes: [] } },
    });
    expect(queue.left.size).toBe(0);
  });

  it('stay in the queue while nothing can be ordered', async () => {
    const queue = queueOf(JSON.stringify(ENTRY));
    const { result } = await round(queue, new PulseError('unavailable'));
    expect(result).toEqual({ committed: 0, left: 1 });
    expect(queue.left.size).toBe(1);
  });

  it('that are none stay for somebody to look at, and hold nothing else up', async () => {
    const queue = queueOf('no JSON', '{}', JSON.stringify(ENTRY));
    const { result } = await round(queue);
    expect(result).toEqual({ committed: 1, left: 2 });
    expect([...queue.left.values()]).toEqual(['no JSON', '{}']);
  });
});
