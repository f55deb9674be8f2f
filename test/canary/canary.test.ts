import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readTruth, type TruthChunk } from '@pulseledger/device-simulator';
import { ConnectionProfile } from '@pulseledger/domain';
import { connectGateway, createSignatory, fixedSignatory, RecordClient } from '@pulseledger/ledger';
import { issueUser, readAuthority } from '@pulseledger/network/identity';
import { z } from 'zod';
import { RunningSystem } from '../integration/running-system.ts';
import { withFolder } from '../integration/start.ts';
import { devnetBlocks, fabricBlockFiles } from './blocks.ts';
import { CLINICAL_WORDS, NOTE_WORDS, writeClinically } from './clinical.ts';
import { type Form, formsOf, found } from './forms.ts';
import { digestsOfGuesses, guessesIn } from './guesses.ts';

/** Stands in a certificate that really went into a block, so the search is seen to work. */
const CONTROL = 'planted-control-9f2c';
const LIMIT_MS = 300_000;
const STAFF: ReadonlySet<string> = new Set(['doctor', 'nurse', 'laboratory', 'emergency-medic']);

interface Evidence {
  readonly blocks: readonly Buffer[];
  readonly logs: readonly { readonly name: string; readonly content: Buffer }[];
  readonly printed: Buffer;
  /** Every file of a peer's ledger, native network only: of a member of the private collection, and of none. */
  readonly peers: Readonly<Record<'hospital' | 'insurer', readonly Buffer[]>>;
  readonly secrets: ReadonlyMap<string, readonly Form[]>;
  readonly staff: ReadonlySet<string>;
  readonly chunks: readonly TruthChunk[];
}

const People = z.object({
  patients: z.array(
    z.object({
      patientId: z.string(),
      basics: z.object({ family: z.string(), given: z.array(z.string()), birthDate: z.string() }),
    }),
  ),
  logins: z.array(z.object({ subjectId: z.string(), password: z.string(), role: z.string() })),
});

async function secretsOf(folder: string, further: Iterable<string>): Promise<Map<string, Form[]>> {
  const parsed: unknown = JSON.parse(await readFile(join(folder, 'keys', 'people.json'), 'utf8'));
  const { patients, logins } = People.parse(parsed);
  const texts = [
    ...patients.flatMap(({ patientId, basics }) => [
      patientId,
      basics.birthDate,
      `${basics.given.join(' ')} ${basics.family}`,
      ...basics.given.map((given) => `"${given}"`),
    ]),
    ...logins.flatMap(({ subjectId, password }) => [subjectId, password]),
    ...further,
  ];
  return new Map(texts.map((text) => [text, [...formsOf(text)]]));
}

/** Ids of those who stand in the directory, which every organization holds. */
async function staffOf(folder: string): Promise<ReadonlySet<string>> {
  const parsed: unknown = JSON.parse(await readFile(join(folder, 'keys', 'people.json'), 'utf8'));
  const staff = People.parse(parsed).logins.filter(({ role }) => STAFF.has(role));
  return new Set(staff.map(({ subjectId }) => subjectId));
}

/** A transaction of a caller whose certificate carries the control. It records nothing. */
async function plant(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'run', 'connection-profile.json'), 'utf8');
  const profile = ConnectionProfile.parse(JSON.parse(text));
  const issuer = await readAuthority(join(folder, 'keys'), 'hospital', 'issuing');
  const key = issueUser({ issuer, role: 'ingest', subjectCommitment: CONTROL, minutes: 5 });
  const connection = connectGateway(profile, 'hospital');
  const signatories = fixedSignatory(createSignatory({ mspId: 'HospitalMSP', ...key }));
  try {
    await new RecordClient({ connection, signatories }).recordChunks([Buffer.from('no chunk')]);
  } finally {
    connection.close();
  }
}

/** People read what was measured, also what they may not, so that the functions have something to log. */
async function use(system: RunningSystem): Promise<void> {
  const doctor = await system.token('hospital-doctor');
  const agent = await system.token('insurance-agent');
  const patientId = system.system.patients[0]?.patientId ?? '';
  for (let tries = 0; ; tries++) {
    const { status, body } = await system.get(`/Observation?patient=${patientId}`, doctor);
    if (status === 200 && body.includes('valueQuantity')) break;
    if (tries > 300) throw new Error(`no observation: ${status}`);
    await delay(200);
  }
  expect((await system.get(`/Patient/${patientId}`, doctor)).body).toContain('birthDate');
  expect([403, 404]).toContain((await system.get(`/Patient/${patientId}`, agent)).status);
}

async function filesBelow(
  folder: string,
): Promise<{ name: string; folder: string; content: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => ({
        name,
        folder: parentPath,
        content: await readFile(join(parentPath, name)),
      })),
  );
}

async function peerFiles(ledger: string, organization: string): Promise<Buffer[]> {
  const files = await filesBelow(ledger);
  return files
    .filter(({ folder }) => folder.includes(`peer0.${organization}.`))
    .map(({ content }) => content);
}

async function gather(network: 'devnet' | 'fabric', folder: string): Promise<Evidence> {
  const args = ['--network', network, '--devices', '2', '--window', '2s', '--for', '12s'];
  const system = await RunningSystem.start(folder, args);
  let recordIds: readonly string[];
  try {
    await use(system);
    await plant(folder);
    recordIds = await writeClinically(folder);
  } catch (error) {
    await system.stop();
    throw error;
  }
  const { stderr, stdout, code } = await system.ended();
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const chunks: TruthChunk[] = [];
  for await (const line of readTruth(join(folder, 'truth.ndjson'))) {
    if (line.t === 'chunk') chunks.push(line);
  }
  const ledger = join(folder, 'ledger');
  return {
    blocks: network === 'devnet' ? await devnetBlocks(ledger) : await fabricBlockFiles(ledger),
    logs: [
      ...(await filesBelow(join(folder, 'logs'))),
      ...(network === 'fabric' ? await filesBelow(join(folder, 'run', 'logs')) : []),
    ],
    printed: Buffer.from(stdout + stderr),
    peers: {
      hospital: network === 'fabric' ? await peerFiles(ledger, 'hospital') : [],
      insurer: network === 'fabric' ? await peerFiles(ledger, 'insurer') : [],
    },
    staff: await staffOf(folder),
    secrets: await secretsOf(folder, [
      ...new Set(chunks.map(({ device }) => device)),
      ...[...CLINICAL_WORDS, NOTE_WORDS, ...recordIds],
    ]),
    chunks,
  };
}

function leaks(content: Buffer, secrets: Evidence['secrets']): string[] {
  return [...secrets].flatMap(([secret, forms]) =>
    found(content, forms).map((form) => `${secret} as ${form}`),
  );
}

function theCanary(network: 'devnet' | 'fabric'): void {
  let evidence: Evidence;
  beforeAll(async () => {
    evidence = await withFolder((folder) => gather(network, folder));
  }, LIMIT_MS);

  it('F6 finds the planted control in a block, inside a certificate', () => {
    const all = Buffer.concat(evidence.blocks);
    expect(found(all, formsOf(CONTROL))).not.toEqual([]);
    expect(all.includes('vitals:RecordChunks')).toBe(true);
  });

  it('F6 knows words of records, of a sealed note among them, and their ids', () => {
    expect([...evidence.secrets.keys()]).toEqual(expect.arrayContaining([...CLINICAL_WORDS]));
    expect(Buffer.concat(evidence.blocks).includes('record:Write')).toBe(true);
  });

  it('F6 finds no name, id, birth date or password in any block, its events and public writes included', () => {
    expect(evidence.secrets.size).toBeGreaterThan(10);
    expect(evidence.blocks.flatMap((block) => leaks(block, evidence.secrets))).toEqual([]);
  });

  it('F6 finds no chunk and no unsalted hash of one in any block', () => {
    const all = Buffer.concat(evidence.blocks);
    expect(evidence.chunks.length).toBeGreaterThan(0);
    const digests = evidence.chunks.flatMap(({ sha256 }) => found(all, formsOf(sha256)));
    // Hashes of private values are in the block by Fabric's design: of the chunk, and of the mark of an open hour, which
    // is a chunk's hash itself. The chunk's salt makes both safe.
    const expected = ['bytes', 'bytes, base64 at 0', 'bytes, unsalted SHA-256'];
    expect([...new Set(digests)].filter((form) => !expected.includes(form))).toEqual([]);
  });

  it('F6 finds no unsalted hash of any heart rate from 0 to 300 in any block, public or private hash, or log', () => {
    const digests = digestsOfGuesses();
    const all = Buffer.concat([...evidence.blocks, ...evidence.logs.map(({ content }) => content)]);
    const planted = createHash('sha256').update('72').digest();
    for (const form of [planted, planted.toString('hex'), `..${planted.toString('base64')}`]) {
      const control = Buffer.concat([all, Buffer.from(form)]);
      expect(guessesIn(control, digests)).toContain('72');
    }
    expect(guessesIn(all, digests)).toEqual([]);
  });

  it('F6 finds no name, id, birth date or password in any log', () => {
    expect(evidence.logs.some(({ content }) => content.includes('ingested'))).toBe(true);
    const leaked = evidence.logs.flatMap(({ name, content }) =>
      leaks(content, evidence.secrets).map((leak) => `${name}: ${leak}`),
    );
    expect(leaked).toEqual([]);
  });

  if (network === 'fabric') {
    it('F7 finds no patient, device or chunk in any file of the insurer’s peer, whom the hospital’s shows', () => {
      const { hospital, insurer } = evidence.peers;
      const devices = [...new Set(evidence.chunks.map(({ device }) => device))];
      const secrets = new Map(devices.map((device) => [device, [...formsOf(device)]]));
      expect(hospital.flatMap((file) => leaks(file, secrets))).not.toEqual([]);
      const [illness = ''] = CLINICAL_WORDS;
      expect(hospital.some((file) => file.includes(illness))).toBe(true);
      expect(hospital.flatMap((file) => found(file, formsOf(NOTE_WORDS)))).toEqual([]);
      expect(insurer.length).toBeGreaterThan(0);
      const others = new Map(
        [...evidence.secrets].filter(([secret]) => !evidence.staff.has(secret)),
      );
      expect(insurer.flatMap((file) => leaks(file, others))).toEqual([]);
    });
  }
}

describe('the canary on the devnet', () => {
  theCanary('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('the canary on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  theCanary('fabric');
});
