/** Alarms and the directory over the Gateway, past every other part: what the contract itself lets people do. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  chunkHeader,
  DEFAULT_SETTINGS,
  type DirectoryKind,
  type FhirResource,
  LIVE_WITHIN_MS,
  MSP_IDS,
  NO_ALARMS,
  type Organization,
  type Reading,
} from '@pulseledger/domain';
import {
  AlarmClient,
  createSignatory,
  DirectoryClient,
  fixedSignatory,
  LedgerCalls,
  type Signatory,
} from '@pulseledger/ledger';
import { organizationKeys, readCertifiedKey } from '@pulseledger/network/identity';
import { alarmRecorder } from '../../lambdas/ingest/src/alarm-recorder.ts';
import { AlarmWatch, type CommittedChunk } from '../../lambdas/ingest/src/alarm-watch.ts';
import { LedgerWorld, randomId, type Wearer } from '../negative/support/ledger-world.ts';
import { shortlyAgo } from '../negative/support/signer-device.ts';
import type { NetworkKind } from '../negative/support/system.ts';

const LIMIT_MS = 300_000;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** A heart that beats too fast for longer than any limit waits. */
function racing(startMs: number): Reading[] {
  return Array.from({ length: 70 }, (_, index) => {
    return { code: '8867-4', unit: '/min', atMs: startMs + index * 1_000, value: 160 };
  });
}

function describeNetwork(name: string, kind: NetworkKind): void {
  describe(name, () => {
    let world: LedgerWorld;
    beforeAll(async () => {
      world = await LedgerWorld.start(kind);
    }, LIMIT_MS);
    afterAll(async () => {
      await world.stop();
    }, LIMIT_MS);

    function callsOf(signatory: Signatory, at: Organization): LedgerCalls {
      const connection = world.connection(at);
      return new LedgerCalls({ connection, signatories: fixedSignatory(signatory) });
    }

    async function person(organization: Organization, role: string, subjectId = randomId()) {
      const signatory = await world.person({ organization, role, subjectId });
      const calls = callsOf(signatory, organization);
      const [alarms, directory] = [new AlarmClient(calls), new DirectoryClient(calls)];
      return { id: subjectId, signatory, calls, alarms, directory };
    }
    type Person = Awaited<ReturnType<typeof person>>;

    describe('alarms', () => {
      let wearer: Wearer;
      let nurse: Person;
      let doctor: Person;
      let stranger: Person;
      let patient: Person;

      async function treat(practitioner: Person): Promise<void> {
        await world.client(patient.signatory).setTreating({
          ...{ patientId: wearer.patientId, practitionerId: practitioner.id },
          ...{ mspId: MSP_IDS.hospital, fromMs: 0, untilMs: null, saltHex: randomId() },
        });
      }

      /** As ingest does after its commit. */
      async function watched(chunk: Uint8Array) {
        const ingest = await world.ingest();
        const header = chunkHeader(chunk);
        const record = world.client(ingest);
        const { results } = await record.recordChunks([chunk]);
        expect(results).toEqual([{ status: 'recorded' }]);
        const hinted: string[] = [];
        const watch = new AlarmWatch({
          alarmStates: (input) => new AlarmClient(record.calls).alarmStates(input),
          recorder: alarmRecorder((transactions, giveUpAtMs) =>
            record.calls.submitAll(transactions, { concurrency: 2, giveUpAtMs }),
          ),
          hint: (pseudonym) => {
            hinted.push(pseudonym);
            return Promise.resolve();
          },
          now: Date.now,
        });
        const committed: CommittedChunk = {
          ...{ bytes: chunk, header, messageIds: ['m'] },
          receivedAtMs: Date.now(),
        };
        const limitMs = 60_000;
        const report = await watch.evaluate(
          [committed],
          Date.now() + limitMs,
          AbortSignal.timeout(limitMs),
        );
        return { report, hinted };
      }

      beforeAll(async () => {
        wearer = await world.wearer();
        patient = await person('hospital', 'patient', wearer.patientId);
        [nurse, doctor, stranger] = await Promise.all([
          person('hospital', 'nurse'),
          person('hospital', 'doctor'),
          person('hospital', 'doctor'),
        ]);
        await treat(nurse);
        await treat(doctor);
      }, LIMIT_MS);

      it('are raised by readings, seen, acknowledged and silent, and late ones never are', async () => {
        const { patientId } = wearer;
        const startMs = shortlyAgo(Date.now() - 90_000);
        const { report, hinted } = await watched(
          wearer.chunk({ firstSequence: 0, readings: racing(startMs) }),
        );
        expect(report).toEqual({ changed: 1, unfinishedMessageIds: [] });
        expect(hinted).toHaveLength(1);
        const { open } = await nurse.alarms.readAlarms({ patientId });
        expect(open.map(({ rule }) => rule)).toEqual(['8867-4.high.high', '8867-4.high.medium']);
        const [high] = open;
        await nurse.alarms.acknowledge({ patientId, alarmId: high!.alarmId, untilMs: null });
        const after = await doctor.alarms.readAlarms({ patientId });
        expect(after.open[0]?.acknowledgement).toMatchObject({
          by: nurse.id,
          mspId: 'HospitalMSP',
        });
        const readings = racing(shortlyAgo(startMs - LIVE_WITHIN_MS - 600_000));
        const late = wearer.chunk({ firstSequence: 1_000, readings });
        expect((await watched(late)).report.changed).toBe(1);
        const last = await patient.alarms.readAlarms({ patientId });
        expect(last.open).toHaveLength(2);
        expect(last.historical.map(({ rule }) => rule)).toEqual([
          '8867-4.high.high',
          '8867-4.high.medium',
        ]);
      });

      it('are evaluated by the limits that a practitioner set', async () => {
        const { patientId } = wearer;
        const settings = { ...DEFAULT_SETTINGS, limits: { '8867-4': [] } };
        await nurse.alarms.setLimits({ patientId, settings, scale2: null });
        const ingest = callsOf(await world.ingest(), 'hospital');
        const devices = [{ deviceId: wearer.deviceId, atMs: Date.now() }];
        const { patients } = await new AlarmClient(ingest).alarmStates({ devices });
        expect(patients).toMatchObject([{ patientId, settings }]);
      });

      it('obey who treats the patient, and the second scale a prescriber', async () => {
        const { patientId } = wearer;
        const alarmId = `${wearer.deviceId}.8867-4.high.high.0`;
        const settings = DEFAULT_SETTINGS;
        const order = { patientId, settings, scale2: true };
        expect(await codeOf(nurse.alarms.setLimits(order))).toBe('access_denied');
        expect(await codeOf(doctor.alarms.setLimits(order))).toBe('none');
        const deed = { patientId, alarmId, untilMs: null };
        expect(await codeOf(stranger.alarms.acknowledge(deed))).toBe('access_denied');
        expect(await codeOf(patient.alarms.acknowledge(deed))).toBe('access_denied');
        expect(await codeOf(stranger.alarms.readAlarms({ patientId }))).toBe('access_denied');
        const agent = await person('insurer', 'insurance-agent');
        expect(await codeOf(agent.alarms.readAlarms({ patientId }))).toBe('access_denied');
        const forged = await person('insurer', 'doctor');
        expect(await codeOf(forged.alarms.acknowledge(deed))).toBe('wrong_organization_for_role');
      });

      it('are written by the custodian’s ingest alone', async () => {
        const { patientId, deviceId } = wearer;
        const recording = {
          ...{ patientId, baseRevision: 0, state: NO_ALARMS, saltHex: randomId() },
          devices: [{ deviceId, atMs: Date.now() }],
        };
        const transient = { input: JSON.stringify({ patients: [recording] }) };
        const transaction = { name: 'vitals:RecordAlarms', transient };
        const answer = async (calls: LedgerCalls) =>
          JSON.parse(Buffer.from(await calls.submitTransaction(transaction)).toString()) as unknown;
        const clinic = callsOf(await world.ingest('clinic'), 'clinic');
        expect(await answer(clinic)).toEqual({ results: ['refused'] });
        expect(await codeOf(doctor.calls.submitTransaction(transaction))).toBe('access_denied');
        const hospital = callsOf(await world.ingest(), 'hospital');
        expect(await answer(hospital)).toEqual({ results: ['stale'] });
      });
    });

    describe('the directory', () => {
      const hospitalId = randomId();
      const doctorId = randomId();
      const roleId = randomId();
      const DOCTOR: FhirResource = {
        resourceType: 'Practitioner',
        name: [{ family: 'Núñez', given: ['María'] }],
        qualification: [{ code: { text: 'MD' } }],
      };
      const ROLE: FhirResource = {
        resourceType: 'PractitionerRole',
        practitioner: { reference: `Practitioner/${doctorId}` },
        organization: { reference: `Organization/${hospitalId}` },
        specialty: [{ coding: [{ code: '207R00000X' }] }],
        period: { start: '2020' },
      };
      let hospital: Person;
      let clinic: Person;
      let insurer: Person;
      let doctor: Person;

      function write(
        by: Person,
        id: string,
        resource: FhirResource,
        ifVersion: number | null = null,
      ) {
        const kind = resource.resourceType as DirectoryKind;
        return by.directory.write({
          writes: [{ kind, id, ifVersion, resource, saltHex: randomId() }],
        });
      }

      /** Who is not logged in is served with the organization's own identity. */
      async function api(organization: Organization): Promise<DirectoryClient> {
        const files = organizationKeys(world.keys, organization).service('api');
        const identity = { mspId: MSP_IDS[organization], ...(await readCertifiedKey(files)) };
        return new DirectoryClient(callsOf(createSignatory(identity), organization));
      }

      beforeAll(async () => {
        [hospital, clinic, insurer, doctor] = await Promise.all([
          person('hospital', 'administrator'),
          person('clinic', 'administrator'),
          person('insurer', 'administrator'),
          person('hospital', 'doctor', doctorId),
        ]);
        const address = [{ city: 'Zürich' }];
        await write(hospital, hospitalId, {
          resourceType: 'Organization',
          name: 'Saint Mary',
          address,
        });
        await write(hospital, doctorId, DOCTOR);
        await write(hospital, roleId, ROLE);
      }, LIMIT_MS);

      it('is searched without login at every organization’s own peer', async () => {
        for (const organization of ['hospital', 'clinic', 'insurer'] as const) {
          const directory = await api(organization);
          const by = { kind: 'PractitionerRole', name: 'nun', place: 'zur', pageSize: 5 } as const;
          const { entries } = await directory.search(by);
          expect(entries.map(({ id, resource }) => [id, resource])).toEqual([[roleId, ROLE]]);
        }
      });

      it('is written by who answers for an entry, and by nobody else', async () => {
        const inactive = { ...DOCTOR, active: false };
        expect(await codeOf(write(insurer, doctorId, inactive, 1))).toBe('access_denied');
        expect(await codeOf(write(clinic, doctorId, inactive, 1))).toBe('access_denied');
        expect(await codeOf(write(doctor, doctorId, inactive, 1))).toBe('access_denied');
        expect(await codeOf(write(insurer, randomId(), ROLE))).toBe('access_denied');
        const nurse = await person('hospital', 'nurse');
        expect(await codeOf(write(nurse, doctorId, DOCTOR, 1))).toBe('access_denied');
        const forged = await person('insurer', 'doctor', doctorId);
        expect(await codeOf(write(forged, doctorId, DOCTOR, 1))).toBe(
          'wrong_organization_for_role',
        );
        const telecom = [{ system: 'phone', value: '1' }];
        expect(await write(doctor, doctorId, { ...DOCTOR, telecom }, 1)).toEqual({ versions: [2] });
        expect(await codeOf(write(hospital, doctorId, DOCTOR, 1))).toBe('precondition_failed');
      });

      it('keeps a career, and says what organizations think of it', async () => {
        const other = { ...ROLE, specialty: [] };
        expect(await codeOf(write(hospital, roleId, other, 1))).toBe('conflict');
        const ended = { ...ROLE, period: { start: '2020', end: '2026-01-01' } };
        expect(await write(hospital, roleId, ended, 1)).toEqual({ versions: [2] });
        await clinic.directory.attestQualification({
          ...{ practitionerId: doctorId, attestationId: randomId(), saltHex: randomId() },
          ...{ qualification: 'MD', outcome: 'verified', source: 'state register' },
        });
        const about = { kind: 'Practitioner', id: doctorId, disputeId: randomId() } as const;
        await insurer.directory.openDispute({
          ...{ ...about, field: 'name', statement: 'Another spelling in our files.' },
          saltHex: randomId(),
        });
        const { entries } = await (await api('insurer')).read({
          entries: [{ kind: 'Practitioner', id: doctorId }],
        });
        expect(entries).toMatchObject([
          {
            qualifications: [{ qualification: 'MD', status: 'verified' }],
            disputes: [{ mspId: 'InsurerMSP', field: 'name', status: 'open' }],
          },
        ]);
      });
    });
  });
}

describeNetwork('alarms and directory on the devnet', 'devnet');

if (process.env['FABRIC_BIN'] === undefined) {
  describe.skip('alarms and directory on native Fabric (skipped: FABRIC_BIN is not set)', () => {
    it.todo('behave the same');
  });
} else {
  describeNetwork('alarms and directory on native Fabric', 'fabric');
}
