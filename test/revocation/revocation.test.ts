import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aliasOf, type ConsentTerms } from '@pulseledger/domain';
import type { NetworkKind } from '../negative/support/system.ts';
import {
  ConsentWorld,
  endorseOnly,
  grant,
  insurerTerms,
  newSecret,
  type Person,
  readVisits,
  revoke,
  visitOf,
} from './consent-world.ts';
import { compactDatabases, insurerStores, type Stores } from './insurer-stores.ts';

const LIMIT_MS = 240_000;
const PAUSE_MS = 100;
const TRIES = 300;

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** What is seen before and after the revoke. */
interface Seen {
  /** Words of the shared visits. */
  readonly secrets: readonly string[];
  /** What stands in the copies only, not in the providers' originals: the same words, and this. */
  readonly marks: readonly string[];
  /** Words of a visit whose consent was endorsed and then given up. */
  readonly abandoned: string;
  readonly read: string;
  readonly refused: string;
  readonly shared: Stores;
  readonly revoked: Stores;
  readonly compacted: Stores;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'answered',
    (error: unknown) =>
      typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'other',
  );
}

/** The insurer's peer is told like every other and may be a moment behind; then it is refused. */
async function endOfReading(agent: Person, terms: ConsentTerms): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const code = await codeOf(readVisits(agent, terms));
    if (code !== 'answered' || tries === TRIES) return code;
    await delay(PAUSE_MS);
  }
}

async function see(world: ConsentWorld): Promise<Seen> {
  const secrets = [newSecret(), newSecret()];
  const doctor = await world.person('hospital', 'doctor');
  const patient = await world.patient(doctor);
  const { subjectId: patientId } = patient;
  const terms: ConsentTerms = insurerTerms(patientId);
  const visits = secrets.map((text) => visitOf(patientId, doctor, text));
  await doctor.clinical.writeRecords({ patientId, writes: visits.slice(0, 1) });
  await grant(patient, terms);
  await doctor.clinical.writeRecords({ patientId, writes: visits.slice(1) });
  const marks = visits.map(({ recordId }) => {
    const alias = aliasOf(terms.share?.aliasSaltHex ?? '', recordId, sha256);
    return `{"alias":"${alias}"`;
  });
  const abandoned = newSecret();
  const other = await world.patient(doctor);
  const visit = visitOf(other.subjectId, doctor, abandoned);
  await doctor.clinical.writeRecords({ patientId: other.subjectId, writes: [visit] });
  expect(await endorseOnly(world, other, insurerTerms(other.subjectId))).toBe('answered');
  const agent = await world.person('insurer', 'insurance-agent');
  const read = await readVisits(agent, terms);
  await world.pause();
  const shared = await insurerStores(world.kind, world.folder);
  await world.resume();
  await revoke(await world.login(patient), terms);
  const refused = await endOfReading(await world.login(agent), terms);
  await world.pause();
  const revoked = await insurerStores(world.kind, world.folder);
  // On native Fabric the insurer's peer does this by itself when it starts.
  if (world.kind === 'devnet') await compactDatabases(join(world.folder, 'ledger'));
  else {
    await world.resume();
    await world.pause();
  }
  const compacted = await insurerStores(world.kind, world.folder);
  return { secrets, marks, abandoned, read, refused, shared, revoked, compacted };
}

function revocationOn(kind: NetworkKind): void {
  let world: ConsentWorld;
  let seen: Seen;
  beforeAll(async () => {
    world = await ConsentWorld.start(kind);
    seen = await see(world);
  }, LIMIT_MS);
  afterAll(() => world.end(), LIMIT_MS);

  it('lets the agent read what is shared, and no more once it is revoked', () => {
    for (const secret of seen.secrets) expect(seen.read).toContain(secret);
    expect(seen.refused).toBe('access_denied');
  });

  it('shows the shared value in the insurer’s own stores while the consent lives', () => {
    for (const text of [...seen.secrets, ...seen.marks]) {
      expect(seen.shared.live(text)).toEqual(['private data', 'state']);
      expect(seen.shared.files(text)).not.toEqual([]);
    }
  });

  it('shows it in none of them after the revoke: state, private data, transient store', () => {
    for (const text of [...seen.secrets, ...seen.marks]) {
      expect(seen.revoked.live(text)).toEqual([]);
    }
  });

  it('keeps what was endorsed and never ordered in the transient store, as docs/THREAT-MODEL.md says', () => {
    expect(seen.shared.live(seen.abandoned)).toEqual(['transient store']);
  });

  it('shows it in no byte of any file once the databases are compacted, as at a peer’s start', () => {
    for (const mark of seen.marks) expect(seen.compacted.files(mark)).toEqual([]);
  });
}

describe('a revoked consent on the devnet', () => {
  revocationOn('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('a revoked consent on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  revocationOn('fabric');
});
