import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LedgerDouble } from '../testing/ledger-double.ts';
import { ledgerWith, NOON_MS, record, Wearable } from '../testing/story.ts';

/** What a device may send: few sequences and boots, so that chunks meet often. */
const delivery = fc.record({
  device: fc.nat(1),
  boot: fc.integer({ min: 1, max: 3 }),
  firstSequence: fc.nat(12),
  count: fc.integer({ min: 1, max: 4 }),
  heartRate: fc.constantFrom(60, 80),
});
type Delivery = typeof delivery extends fc.Arbitrary<infer T> ? T : never;

/** The rule in a few lines: every sequence of a device's boot belongs to one chunk for ever. */
class Model {
  readonly #owners = new Map<string, string>();

  admit({ device, boot, firstSequence, count, heartRate }: Delivery): string {
    const chunk = JSON.stringify({ firstSequence, count, heartRate });
    const slots = Array.from({ length: count }, (_, i) => `${device} ${boot} ${firstSequence + i}`);
    const owners = new Set(slots.map((slot) => this.#owners.get(slot)));
    if (owners.size === 1 && owners.has(chunk)) return 'already';
    if (owners.size === 1 && owners.has(undefined)) {
      for (const slot of slots) this.#owners.set(slot, chunk);
      return 'recorded';
    }
    const sameStart = this.#owners
      .get(slots[0] ?? '')
      ?.startsWith(`{"firstSequence":${firstSequence},`);
    return sameStart === true ? 'sequence_conflict' : 'overlap';
  }
}

describe('recording', () => {
  it('gives every sequence to one chunk for ever, in whatever transactions chunks come', async () => {
    const wearables = [new Wearable('left'), new Wearable('right')];
    const transactions = fc.array(fc.array(delivery, { minLength: 1, maxLength: 6 }), {
      maxLength: 8,
    });
    const empty = await ledgerWith(...wearables);
    await fc.assert(
      fc.asyncProperty(transactions, async (deliveries) => {
        const ledger = new LedgerDouble();
        for (const [key, value] of empty.privateData) ledger.privateData.set(key, value);
        const model = new Model();
        for (const transaction of deliveries) {
          const chunks = transaction.map(({ device, ...of }) => {
            const wearable = wearables[device] ?? new Wearable('none');
            return wearable.chunk({ ...of, startMs: NOON_MS + of.firstSequence * 1_000 });
          });
          const expected = transaction.map((one) => model.admit(one));
          expect(await record(ledger, chunks)).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});
