/** F5, F7 and F8: inputs in the wrong place, readers from outside, and ids that would be keys. */
import { expect, it } from '@jest/globals';
import {
  chunkKeyText,
  compositeKey,
  hourOf,
  joinChunks,
  type Organization,
  RECORD_KEYS,
} from '@pulseledger/domain';
import {
  BOTH_PROVIDERS,
  type LedgerWorld,
  randomId,
  type Wearer,
} from '../support/ledger-world.ts';
import { ChunkSigner, shortlyAgo } from '../support/signer-device.ts';
import { ACCESS_INPUTS, ACCESS_KEY_FIELDS } from './access-inputs.ts';
import { CONSENT_INPUTS, CONSENT_KEY_FIELDS } from './consent-inputs.ts';
import { contractFunctions } from './functions.ts';
import { RECORD_INPUTS, RECORD_KEY_FIELDS } from './record-inputs.ts';
import { WATCH_INPUTS, WATCH_KEY_FIELDS } from './watch-inputs.ts';

const LIMIT_MS = 120_000;
const HOUR_MS = 3_600_000;

/** A name that must be found nowhere; it stands in an argument, where it must not. */
const CANARY = 'Zdenka-Kanary-72bpm';

const ID = 'ab'.repeat(16);
const SALT = 'cd'.repeat(16);
const DIGEST = 'ef'.repeat(32);
const CHUNK_KEY = chunkKeyText({ deviceId: ID, boot: 1, firstSequence: 0 });
const BASICS = { family: 'Test', given: [], birthDate: '1990', gender: 'unknown' };
const PERIOD = { fromMs: 0, toMs: HOUR_MS, pageSize: 10 };
const OPENED = { patientId: ID, permitId: ID };

/** A right input of every function that takes one, and the role that may call it. */
const INPUTS: Readonly<Record<string, readonly [string, Readonly<Record<string, unknown>>]>> = {
  ...RECORD_INPUTS,
  ...ACCESS_INPUTS,
  ...CONSENT_INPUTS,
  ...WATCH_INPUTS,
  'care:RegisterPatient': ['administrator', { patientId: ID, basics: BASICS, saltHex: SALT }],
  'care:SetTreating': [
    'administrator',
    {
      ...{ patientId: ID, practitionerId: ID, mspId: 'HospitalMSP' },
      ...{ fromMs: 0, untilMs: null, saltHex: SALT },
    },
  ],
  'care:EndTreating': ['administrator', { patientId: ID, practitionerId: ID, untilMs: 1 }],
  'care:ReadPatient': ['doctor', OPENED],
  'care:ListPatients': ['doctor', { pageSize: 1, bookmark: ID }],
  'care:ListTreating': ['doctor', { patientId: ID }],
  'device:Register': [
    'administrator',
    {
      ...{ deviceId: ID, manufacturer: 'T', model: 'T', serial: '1', saltHex: SALT },
      publicKeySpkiBase64: new ChunkSigner().publicKeySpkiBase64,
    },
  ],
  'device:Assign': ['administrator', { deviceId: ID, patientId: ID, fromMs: 0, untilMs: null }],
  'device:EndAssignment': ['administrator', { deviceId: ID, patientId: ID, untilMs: 1 }],
  'device:ReportLost': ['administrator', { deviceId: ID, sinceMs: 1 }],
  'device:Revoke': ['administrator', { deviceId: ID, sinceMs: 1 }],
  'device:Read': ['doctor', { deviceId: ID, ...OPENED }],
  'device:Locate': ['doctor', { deviceId: ID, atMs: 1 }],
  'device:ListByPatient': ['doctor', OPENED],
  'device:ListGaps': ['administrator', { pageSize: 1, bookmark: ID }],
  'device:ReadGaps': ['administrator', { deviceId: ID }],
  'device:Status': ['ingest', { deviceId: ID, atMs: 1 }],
  'vitals:CloseHour': [
    'ingest',
    { patientId: ID, hourMs: 0, mark: DIGEST, chunkKeys: [CHUNK_KEY], saltHex: SALT },
  ],
  'vitals:ListHourChunks': ['ingest', { patientId: ID, hourMs: 0 }],
  'vitals:ListOpenHours': ['ingest', { endedByMs: 0, pageSize: 1, bookmark: `00000000.${ID}` }],
  'vitals:ReadChunks': ['doctor', { ...OPENED, ...PERIOD }],
  'vitals:ReadMinutes': ['doctor', { ...OPENED, ...PERIOD }],
  'vitals:ReadHours': ['doctor', { ...OPENED, ...PERIOD }],
  'vitals:FindChunk': ['doctor', { ...OPENED, deviceId: ID, boot: 1, sequence: 0, atMs: 0 }],
};

const KEY_FIELDS = [
  ...['patientId', 'practitionerId', 'deviceId', 'saltHex', 'bookmark'],
  ...RECORD_KEY_FIELDS,
  ...ACCESS_KEY_FIELDS,
  ...CONSENT_KEY_FIELDS,
  ...WATCH_KEY_FIELDS,
];

const EVIL_IDS: readonly unknown[] = [
  '',
  '\u0000',
  `${ID}\u0000`,
  `\u0000patient\u0000${ID}\u0000`,
  `${ID.slice(1)}\u{10ffff}`,
  `~${ID.slice(1)}`,
  ID.toUpperCase(),
  `${ID}\n`,
  `../${ID.slice(3)}`,
  'a'.repeat(100_000),
  [ID],
  { $gt: '' },
  null,
  7,
];

/** An organization that gives out the role. */
function homeOf(role: string): Organization {
  return role === 'insurance-agent' ? 'insurer' : 'hospital';
}

export function theInputs(world: () => LedgerWorld): void {
  it('F8 the table of inputs knows every function but the one that takes chunks', async () => {
    const functions = await contractFunctions();
    expect(Object.keys(INPUTS).sort()).toEqual(
      functions.filter((f) => !f.endsWith('RecordChunks')),
    );
  });

  it.each(Object.keys(INPUTS))(
    'F8 no id that could become another key passes %s',
    async (name) => {
      const [role, right] = INPUTS[name]!;
      const signatory = await world().person({ organization: homeOf(role), role });
      const ask = (input: unknown) =>
        world().evaluated(signatory, name, { transient: { input: JSON.stringify(input) } });
      // The control: a right input gets further than its form.
      expect(await ask(right)).not.toBe('invalid_input');
      const fields = Object.keys(right).filter((field) => KEY_FIELDS.includes(field));
      for (const field of fields) {
        const answers = await Promise.all(EVIL_IDS.map((evil) => ask({ ...right, [field]: evil })));
        expect([field, ...new Set(answers)]).toEqual([field, 'invalid_input']);
      }
      expect(await ask({ ...right, more: 1 })).toBe('invalid_input');
    },
    LIMIT_MS,
  );

  it(
    'F8 a bookmark made of another patient’s key shows nothing of that patient',
    async () => {
      const [mine, theirs] = [await world().wearer(), await world().wearer()];
      const ingest = world().client(await world().ingest());
      const atMs = shortlyAgo();
      await ingest.recordChunks([
        mine.chunk({ firstSequence: 0, atMs }),
        theirs.chunk({ firstSequence: 0, atMs }),
      ]);
      const patient = await world().person({
        organization: 'hospital',
        role: 'patient',
        subjectId: mine.patientId,
      });
      const { permitId } = await world()
        .client(patient)
        .calls.charts.open({ patientId: mine.patientId, recordClasses: ['vitals'] });
      const key = RECORD_KEYS.chunk(theirs.patientId, hourOf(atMs), {
        deviceId: theirs.deviceId,
        boot: 0,
        firstSequence: 0,
      });
      const evil = [
        compositeKey(key),
        key.attributes.join('.'),
        '\u0000',
        '~',
        ' ',
        'x'.repeat(200),
      ];
      for (const bookmark of [...evil, ...key.attributes]) {
        const period = { fromMs: 0, toMs: atMs + HOUR_MS, pageSize: 10 };
        const input = { patientId: mine.patientId, permitId, ...period };
        const transient = { input: JSON.stringify({ ...input, bookmark }) };
        const text = await world()
          .contract(patient, (contract) =>
            contract.evaluate('vitals:ReadChunks', {
              transientData: { ...transient, subject: JSON.stringify(patient.subject) },
              endorsingOrganizations: ['HospitalMSP'],
            }),
          )
          .then((bytes) => Buffer.from(bytes).toString())
          .catch(() => 'refused');
        const { chunks } =
          text === 'refused' ? { chunks: [] } : (JSON.parse(text) as { chunks: string[] });
        const foreign = chunks.filter((chunk) =>
          Buffer.from(chunk, 'base64').includes(Buffer.from(theirs.deviceId, 'hex')),
        );
        expect([bookmark, foreign]).toEqual([bookmark, []]);
      }
    },
    LIMIT_MS,
  );

  it.each(Object.keys(INPUTS))(
    'F5 %s takes no argument, where everybody on the channel could read it',
    async (name) => {
      const [role, right] = INPUTS[name]!;
      const signatory = await world().person({ organization: homeOf(role), role });
      const options = { transient: { input: JSON.stringify(right) }, arguments: [CANARY] };
      for (const ask of [world().evaluated.bind(world()), world().endorsed.bind(world())]) {
        const answer = await ask(signatory, name, options);
        expect(answer).toContain('Expected 0 parameters, but 1 have been supplied');
        expect(answer).not.toContain(CANARY);
      }
    },
    LIMIT_MS,
  );

  it(
    'F5 a recording with an argument is refused by both providers',
    async () => {
      const wearer = await world().wearer();
      const ingest = await world().ingest();
      const chunks = joinChunks([wearer.chunk({ firstSequence: 0 })]);
      const options = { transient: { chunks }, arguments: [CANARY] };
      expect(await world().endorsed(ingest, 'vitals:RecordChunks', options)).toContain(
        'Expected 0 parameters',
      );
      expect(await world().chunksOf(wearer.patientId)).toEqual([]);
    },
    LIMIT_MS,
  );

  let once: Promise<Wearer> | undefined;

  async function record(): Promise<Wearer> {
    const wearer = await world().wearer();
    const ingest = world().client(await world().ingest());
    await ingest.recordChunks([wearer.chunk({ firstSequence: 0 })]);
    return wearer;
  }

  /** Somebody with one chunk on the ledger. */
  function recorded(): Promise<Wearer> {
    once ??= record();
    return once;
  }

  it.each<[string, Organization, string]>([
    ['an insurance agent at the insurer’s own peer', 'insurer', 'insurance-agent'],
    ['an insurance agent at the hospital’s peer', 'hospital', 'insurance-agent'],
    ['the insurer’s administrator at the hospital’s peer', 'hospital', 'administrator'],
    ['somebody of the insurer certified as a doctor', 'hospital', 'doctor'],
  ])(
    'F7 %s reads nothing of the private collection',
    async (_who, at, role) => {
      const wearer = await recorded();
      const signatory = await world().person({ organization: 'insurer', role });
      const input = JSON.stringify({ ...OPENED, patientId: wearer.patientId, ...PERIOD });
      for (const name of ['vitals:ReadChunks', 'vitals:ReadMinutes', 'care:ReadPatient']) {
        const answer = await world().evaluated(signatory, name, { transient: { input }, at });
        expect(['access_denied', 'wrong_organization_for_role']).toContain(answer);
      }
    },
    LIMIT_MS,
  );

  it(
    'F7 the insurer’s peer has no private data, also for whom it would be allowed',
    async () => {
      const wearer = await recorded();
      const patient = await world().person({
        organization: 'hospital',
        role: 'patient',
        subjectId: wearer.patientId,
      });
      const { patientId } = wearer;
      const { permitId } = await world()
        .client(patient)
        .calls.charts.open({ patientId, recordClasses: ['basics'] });
      const input = JSON.stringify({ patientId, permitId });
      const options = { transient: { input }, endorsers: ['InsurerMSP'] };
      expect(await world().evaluated(patient, 'care:ReadPatient', options)).toBe('unavailable');
    },
    LIMIT_MS,
  );

  it(
    'F7 an event says root and count, and nothing else',
    async () => {
      const wearer = await world().wearer();
      const ingest = await world().ingest();
      const agent = await world().person({ organization: 'insurer', role: 'insurance-agent' });
      const connection = world().connection('insurer');
      const events = await connection
        .builder(agent)
        .getNetwork(connection.channel)
        .getChaincodeEvents(connection.chaincode, { startBlock: 0n });
      const chunks = joinChunks([wearer.chunk({ firstSequence: 0 })]);
      const { transactionId } = await world().contract(ingest, async (contract) => {
        const proposal = contract.newProposal('vitals:RecordChunks', {
          transientData: { chunks },
          endorsingOrganizations: [...BOTH_PROVIDERS],
        });
        return await (await (await proposal.endorse()).submit()).getStatus();
      });
      for await (const event of events) {
        if (event.transactionId !== transactionId) continue;
        const payload = JSON.parse(Buffer.from(event.payload).toString()) as object;
        expect(payload).toEqual({ root: expect.stringMatching(/^[0-9a-f]{64}$/), count: 1 });
        expect(event.eventName).toBe('ChunksRecorded');
        break;
      }
      events.close();
    },
    LIMIT_MS,
  );

  it(
    'F5 F6 no argument and no canary is in what peers and contracts have logged',
    async () => {
      const signatory = await world().person({ organization: 'hospital', role: 'doctor' });
      const odd = `care:${CANARY}`;
      expect(await world().evaluated(signatory, odd)).not.toBe('answered');
      const transient = { input: JSON.stringify({ patientId: CANARY }), [randomId()]: CANARY };
      expect(await world().evaluated(signatory, 'care:ReadPatient', { transient })).toBe(
        'invalid_input',
      );
      const logged = await world().logged();
      expect(logged.length).toBeGreaterThan(0);
      // The contract's own log must not repeat what was asked with; the function's name is public.
      const lines = logged
        .split('\n')
        .filter((line) => line.includes(CANARY) && !line.includes(odd));
      expect(lines).toEqual([]);
    },
    LIMIT_MS,
  );
}
