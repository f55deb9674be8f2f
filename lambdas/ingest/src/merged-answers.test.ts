import { describe, expect, it } from '@jest/globals';
import type { ChunkHeader } from '@pulseledger/domain';
import * as fc from 'fast-check';
import { type CommittedRange, mergedAnswers } from './merged-answers.ts';

const [ONE, OTHER] = ['1'.repeat(32), '2'.repeat(32)];

function range(deviceId: string, boot: number, firstSequence: number, count = 10): CommittedRange {
  const header: ChunkHeader = {
    ...{ deviceId, boot, firstSequence, count },
    ...{ startMs: 0, endMs: 1, zoneOffsetMinutes: 0 },
  };
  return { header, messageIds: [`${deviceId}/${boot}/${firstSequence}`] };
}

describe('answers to devices', () => {
  it('are one for chunks that follow one another, in whatever order they were recorded', () => {
    expect(mergedAnswers([range(ONE, 1, 20), range(ONE, 1, 0), range(ONE, 1, 10)])).toEqual([
      {
        deviceId: ONE,
        acknowledgement: { boot: 1, firstSequence: 0, count: 30, status: 'committed' },
        messageIds: [`${ONE}/1/0`, `${ONE}/1/10`, `${ONE}/1/20`],
      },
    ]);
  });

  it('say in which transaction the readings are, when it is one', () => {
    const place = { transactionId: 'a'.repeat(64), blockNumber: 7 };
    const other = { transactionId: 'b'.repeat(64), blockNumber: 7 };
    const at = (firstSequence: number, found?: typeof place): CommittedRange => ({
      ...range(ONE, 1, firstSequence),
      place: found,
    });
    const placesOf = (...ranges: CommittedRange[]) =>
      mergedAnswers(ranges).map(({ acknowledgement }) => acknowledgement.place);
    expect(placesOf(at(0, place), at(10, place))).toEqual([place]);
    expect(placesOf(at(0, place), at(10, other))).toEqual([undefined]);
    expect(placesOf(at(0, place), at(10))).toEqual([undefined]);
    expect(placesOf(at(0), at(10, place), at(20, place))).toEqual([undefined]);
  });

  it('do not reach over a gap, into another boot or to another device', () => {
    const answers = mergedAnswers([
      range(ONE, 1, 0),
      range(ONE, 1, 20),
      range(ONE, 2, 30),
      range(OTHER, 1, 10),
    ]);
    expect(
      answers.map(({ deviceId, acknowledgement: { boot, firstSequence, count } }) => [
        ...[deviceId, boot, firstSequence, count],
      ]),
    ).toEqual([
      [ONE, 1, 0, 10],
      [ONE, 1, 20, 10],
      [ONE, 2, 30, 10],
      [OTHER, 1, 10, 10],
    ]);
  });

  it('say of a chunk that came twice once that it is there', () => {
    expect(mergedAnswers([range(ONE, 1, 0), range(ONE, 1, 0)])).toMatchObject([
      { acknowledgement: { firstSequence: 0, count: 10 } },
    ]);
  });

  it('cover exactly the readings of the chunks, and every message once', () => {
    const anyRange = fc
      .record({
        device: fc.constantFrom(ONE, OTHER),
        boot: fc.integer({ min: 1, max: 2 }),
        slot: fc.nat(30),
      })
      .map(({ device, boot, slot }) => range(device, boot, slot * 10));
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRange, { selector: ({ messageIds }) => messageIds[0] }),
        (all) => {
          const answers = mergedAnswers(all);
          const covered = answers.flatMap(
            ({ deviceId, acknowledgement: { boot, firstSequence, count } }) =>
              Array.from(
                { length: count / 10 },
                (_, n) => `${deviceId}/${boot}/${firstSequence + n * 10}`,
              ),
          );
          const wanted = all.flatMap(({ messageIds }) => messageIds).sort();
          expect(covered.sort()).toEqual(wanted);
          expect(answers.flatMap(({ messageIds }) => messageIds).sort()).toEqual(wanted);
        },
      ),
    );
  });
});
