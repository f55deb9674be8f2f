/** An unconscious patient in an ambulance, also while nothing can be ordered. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CommitIntentInput,
  type EmergencyIntent,
  MSP_IDS,
  SUMMARY_CLASSES,
} from '@pulseledger/domain';
import {
  AccessClient,
  createSignatory,
  EmergencyClient,
  fixedSignatory,
  IntentReads,
  LedgerCalls,
  openInEmergency,
  PermitCache,
  RecordClient,
  type Signatory,
} from '@pulseledger/ledger';
import { organizationKeys, readCertifiedKey } from '@pulseledger/network/identity';
import { LedgerWorld, randomId } from '../negative/support/ledger-world.ts';
import { type OrderedNetwork, startOrdered } from './ordering.ts';

const LIMIT_MS = 240_000;
const TRIES = 60;
const PAUSE_MS = 1_000;
const EMERGENCY = { reasonCode: 'unconscious', text: 'found in the street' } as const;
const PERIOD = { fromMs: 0, toMs: 4_102_444_800_000 };

function theAmbulance(kind: 'devnet' | 'fabric'): void {
  let folder: string;
  let ordered: OrderedNetwork;
  let world: LedgerWorld;
  let patientId: string;
  let medic: Signatory;
  let api: Signatory;
  const token = randomBytes(16).toString('hex');

  const permits = new PermitCache();
  const intents = new IntentReads();
  const callsOf = (signatory: Signatory, organization: 'hospital' | 'clinic' = 'clinic') =>
    new LedgerCalls({
      permits,
      connection: world.connection(organization),
      signatories: fixedSignatory(signatory),
    });
  const emergencyOf = (signatory: Signatory) => new EmergencyClient(callsOf(signatory));
  const accounting = async () => {
    const patient = await world.person({
      ...{ organization: 'hospital', role: 'patient', subjectId: patientId },
    });
    const access = new AccessClient(callsOf(patient, 'hospital'));
    return (await access.listAccess({ patientId, ...PERIOD, pageSize: 50 })).entries;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-ambulance-'));
    ordered = await startOrdered(kind, folder);
    world = new LedgerWorld(kind, folder, ordered.network);
    await world.provideAttesters();
    ({ patientId } = await world.wearer());
    medic = await world.person({ organization: 'clinic', role: 'emergency-medic' });
    const files = organizationKeys(world.keys, 'clinic').service('api');
    api = createSignatory({ mspId: MSP_IDS.clinic, ...(await readCertifiedKey(files)) });
    const nurse = await world.person({ organization: 'hospital', role: 'nurse' });
    await new EmergencyClient(callsOf(nurse, 'hospital')).setWristband(patientId, {
      tokenDigestHex: createHash('sha256').update(token).digest('hex'),
      ...{ untilMs: null, saltHex: randomId() },
    });
  }, LIMIT_MS);

  afterAll(async () => {
    await ordered.restore();
    world.close();
    await ordered.network.stop();
    await rm(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it(
    'finds the patient by the wristband and opens the summary, on record for patient and supervisor',
    async () => {
      const found = await emergencyOf(medic).find({ token });
      expect(found.patients).toEqual([{ patientId, given: null, gender: null }]);
      const stored: EmergencyIntent[] = [];
      const opening = await openInEmergency(meansWith(stored), requestOf());
      expect([opening.intent, stored]).toEqual([null, []]);
      const record = new RecordClient({
        connection: world.connection('clinic'),
        signatories: fixedSignatory(medic),
      });
      const { permitId } = opening;
      expect(await record.readPatient({ patientId, permitId })).toMatchObject({ patientId });
      const [entry] = (await accounting()).filter((one) => one.permitId === permitId);
      expect(entry).toMatchObject({ emergency: EMERGENCY, committedLateAtMs: null });
      const supervisor = await world.person({ organization: 'clinic', role: 'administrator' });
      const { reviews } = await emergencyOf(supervisor).reviews(PERIOD);
      expect(reviews).toMatchObject([{ permitId, verdict: null }]);
      await emergencyOf(supervisor).review({
        ...{ permitId, verdict: 'justified', text: '', saltHex: randomId() },
      });
      const [reviewed] = (await accounting()).filter((one) => one.permitId === permitId);
      expect(reviewed).toMatchObject({ verdict: 'justified' });
    },
    LIMIT_MS,
  );

  it(
    'opens it within seconds while nothing can be ordered, and enters it afterwards, marked as late',
    async () => {
      await ordered.cut();
      const startedMs = Date.now();
      const stored: EmergencyIntent[] = [];
      const { permitId, intent, classes } = await openInEmergency(meansWith(stored), requestOf());
      if (intent === null) throw new Error('ordering was not down');
      expect(stored).toEqual([intent]);
      expect(classes.map(({ outcome }) => outcome)).toEqual(SUMMARY_CLASSES.map(() => 'permit'));
      const record = new RecordClient({
        ...{ connection: world.connection('clinic'), signatories: fixedSignatory(api), intent },
      });
      expect(await record.readPatient({ patientId })).toMatchObject({ patientId });
      // The medic goes on as usual; whoever serves the medic asks as the API.
      intents.remember(permitId, record.calls);
      const asMedic = new RecordClient({
        ...{ connection: world.connection('clinic'), signatories: fixedSignatory(medic) },
        ...{ permits, intents },
      });
      expect(await asMedic.readPatient({ patientId })).toMatchObject({ patientId });
      expect(Date.now() - startedMs).toBeLessThan(LIMIT_MS / 4);
      expect((await accounting()).some((one) => one.permitId === permitId)).toBe(false);
      await ordered.restore();
      await patiently(() => emergencyOf(api).commitIntent({ intent, classes }));
      expect(await emergencyOf(api).commitIntent({ intent, classes })).toEqual({
        status: 'unchanged',
      });
      const [entry] = (await accounting()).filter((one) => one.permitId === permitId);
      expect(entry).toMatchObject({ subjectId: medic.subject?.id, emergency: EMERGENCY });
      expect(entry?.committedLateAtMs).toBeGreaterThan(intent.atMs);
    },
    LIMIT_MS,
  );

  it(
    'does not open for an intent that cannot be stored',
    async () => {
      await ordered.cut();
      const store = () => Promise.reject(new Error('the queue is full'));
      const call = openInEmergency({ ...meansWith([]), store }, requestOf());
      await expect(call).rejects.toThrow('the queue is full');
      await ordered.restore();
    },
    LIMIT_MS,
  );

  function meansWith(stored: EmergencyIntent[]) {
    return {
      medic: emergencyOf(medic),
      api: emergencyOf(api),
      store: ({ intent }: CommitIntentInput) => {
        stored.push(intent);
        return Promise.resolve();
      },
    };
  }

  function requestOf() {
    const medicId = medic.subject?.id ?? '';
    return { patientId, medicId, purpose: 'BTG' as const, emergency: EMERGENCY };
  }
}

/** Tries again until it works: a new leader is elected first. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await delay(PAUSE_MS);
    }
  }
}

describe('the ambulance, on the devnet', () => {
  theAmbulance('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('the ambulance, on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  theAmbulance('fabric');
});
