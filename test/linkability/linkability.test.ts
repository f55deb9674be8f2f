import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compositeKey } from '@pulseledger/domain';
import { devnetBlocks } from '../canary/blocks.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import { ConsentWorld } from '../revocation/consent-world.ts';
import { insurerTexts } from '../revocation/insurer-stores.ts';
import { fabricEnvelopes } from './block-files.ts';
import { type Case, featuresOf, scoreOf } from './linker.ts';
import { live, type Truth, type Visit } from './population.ts';
import { envelopesOf, type SeenTransaction, transactionsIn } from './transactions.ts';

const LIMIT_MS = 400_000;
/** The insurer's peer may be a few blocks behind when the last transaction is committed at the providers. */
const SETTLE_MS = 3_000;
const CHANCE = 0.5;
/** Beyond this a score over some hundred pairs is more than luck. */
const LUCK = 0.1;

/** Transactions of a visit, or about a correction, by the keys that the truth names. */
function transactionsOf(
  all: readonly SeenTransaction[],
  { keys }: Pick<Visit, 'keys'>,
): SeenTransaction[] {
  return keys.map((key) => {
    const found = all.find(({ hashes }) => hashes.includes(key));
    if (found === undefined) throw new Error('a key of the truth is in no block');
    return found;
  });
}

/** One shared visit of each patient is known; which of all else, not shared, is the same patient's? */
function casesOf(all: readonly SeenTransaction[], { visits, corrections }: Truth): Case[] {
  const hidden = [...visits.filter(({ isShared }) => !isShared), ...corrections];
  return visits
    .filter(({ isShared }) => isShared)
    .map((known) => {
      const [first] = transactionsOf(all, known);
      if (first === undefined) throw new Error('a visit without a transaction');
      const of = (isSame: boolean) =>
        hidden
          .filter(({ patientId }) => (patientId === known.patientId) === isSame)
          .flatMap((one) => transactionsOf(all, one));
      return { known: first, same: of(true), different: of(false) };
    });
}

/** Of each correction the request is known; which are the visit that it is about, and its answer? */
function correctionCases(all: readonly SeenTransaction[], { visits, corrections }: Truth): Case[] {
  return corrections.flatMap(({ visit, ...asked }): Case[] => {
    const [known, ...answer] = transactionsOf(all, asked);
    const others = [
      ...visits.filter((one) => one !== visit),
      ...corrections.filter(({ patientId }) => patientId !== asked.patientId),
    ];
    const different = others.flatMap((one) => transactionsOf(all, one));
    const same = [...transactionsOf(all, visit), ...answer];
    return known === undefined ? [] : [{ known, same, different }];
  });
}

/** What the insurer's peer has of every transaction. */
async function seenOn({ kind, folder }: ConsentWorld): Promise<SeenTransaction[]> {
  const ledger = join(folder, 'ledger');
  if (kind === 'devnet') return transactionsIn(envelopesOf(await devnetBlocks(ledger)));
  return transactionsIn(await fabricEnvelopes(join(ledger, 'peer0.insurer.pulse.test')));
}

function linkabilityOn(kind: NetworkKind): void {
  let world: ConsentWorld;
  let truth: Truth;
  let all: SeenTransaction[];
  let texts: readonly string[];
  beforeAll(async () => {
    world = await ConsentWorld.start(kind);
    truth = await live(world);
    await delay(SETTLE_MS);
    await world.pause();
    all = await seenOn(world);
    texts = await insurerTexts(kind, world.folder);
  }, LIMIT_MS);
  afterAll(() => world.end(), LIMIT_MS);

  const scores = (): Record<string, number> => {
    const cases = casesOf(all, truth);
    expect(cases.length).toBeGreaterThan(4);
    const features = Object.entries(featuresOf(all));
    return Object.fromEntries(features.map(([name, feature]) => [name, scoreOf(cases, feature)]));
  };

  it('links nothing by keys, versions that were read, or public reads: exactly chance', () => {
    expect(scores()).toMatchObject({
      'shared private keys': CHANCE,
      'what one read and the other wrote': CHANCE,
      'any chain of shared keys': CHANCE,
      'shared public reads': CHANCE,
    });
  });

  it('links nothing better than chance by certificates or the number of writes', () => {
    const found = scores();
    expect(found['same certificate']).toBeLessThanOrEqual(CHANCE + LUCK);
    expect(found['number of writes']).toBeLessThanOrEqual(CHANCE + LUCK);
  });

  it('links no request for correction by keys, neither to the visit nor to the answer: exactly chance', () => {
    const cases = correctionCases(all, truth);
    expect(cases).toHaveLength(truth.patientIds.length);
    const features = featuresOf(all);
    const scored = Object.entries(features).map(([name, feature]) => [
      name,
      scoreOf(cases, feature),
    ]);
    expect(Object.fromEntries(scored)).toMatchObject({
      'shared private keys': CHANCE,
      'what one read and the other wrote': CHANCE,
      'any chain of shared keys': CHANCE,
      'shared public reads': CHANCE,
      'same certificate': CHANCE,
    });
  });

  it('links by keys what has keys in common: assignments of wearables to one patient', () => {
    const [patientId] = truth.patientIds;
    const key = truth.patientKeys.get(patientId ?? '') ?? '';
    const assignments = all.filter(({ name }) => name === 'device:Assign');
    const [known, ...same] = assignments.filter(({ hashes }) => hashes.includes(key));
    const different = assignments.filter(({ hashes }) => !hashes.includes(key));
    expect([same.length, different.length]).toEqual([1, 4]);
    const feature = featuresOf(all)['shared private keys'];
    if (known === undefined || feature === undefined) throw new Error('nothing to link');
    expect(scoreOf([{ known, same, different }], feature)).toBe(1);
  });

  it('cannot compute a key of the providers from anything that the insurer holds', () => {
    const words = new Set(texts.flatMap((text) => text.match(/[0-9a-f]{32}/g) ?? []));
    expect(words.size).toBeGreaterThan(truth.patientIds.length);
    for (const id of truth.patientIds) expect(words).not.toContain(id);
    const hashes = new Set(all.flatMap((transaction) => transaction.hashes));
    const guesses = [...words].flatMap((word) =>
      ['patient', 'located', 'device', 'indexed', 'erasure'].map((objectType) =>
        compositeKey({ objectType, attributes: [word] }),
      ),
    );
    const found = guesses.filter((key) =>
      hashes.has(`providers/${createHash('sha256').update(key).digest('hex')}`),
    );
    expect(found).toEqual([]);
    // The same guessing does find a key of a patient's id, if only it had one.
    const [patientId = ''] = truth.patientIds;
    const control = compositeKey({ objectType: 'patient', attributes: [patientId] });
    expect(hashes).toContain(`providers/${createHash('sha256').update(control).digest('hex')}`);
  });

  it('tells the other transaction of the same visit by certificate and time, as docs/THREAT-MODEL.md says', () => {
    const visits = truth.visits.map((visit) => transactionsOf(all, visit));
    const cases = visits.flatMap(([known, ...same], at): Case[] => {
      const different = visits.filter((_, index) => index !== at).flat();
      return known === undefined ? [] : [{ known, same, different }];
    });
    const features = featuresOf(all);
    const within = (name: string): number => {
      const feature = features[name];
      return feature === undefined ? Number.NaN : scoreOf(cases, feature);
    };
    expect(within('shared private keys')).toBe(CHANCE);
    expect(within('same certificate')).toBeGreaterThan(0.9);
    expect(within('close in time')).toBeGreaterThan(0.8);
  });
}

describe('a linker with the insurer’s peer and one visit of each patient, on the devnet', () => {
  linkabilityOn('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('the same linker on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  linkabilityOn('fabric');
});
