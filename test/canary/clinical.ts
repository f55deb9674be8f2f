/** A doctor writes to a patient's record, straight at the Gateway: what must be found nowhere outside. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ConnectionProfile,
  indexValueHash,
  type RecordWrite,
  subjectCommitment,
  uniqueKeyOf,
} from '@pulseledger/domain';
import {
  ClinicalClient,
  connectGateway,
  createSignatory,
  fixedSignatory,
  type LedgerConnection,
  newNoteKey,
  RecordClient,
  sealNote,
} from '@pulseledger/ledger';
import { issueUser, readAuthority } from '@pulseledger/network/identity';
import { z } from 'zod';

/** Words of a record. They stand in private data, and nowhere else. */
export const CLINICAL_WORDS: readonly string[] = [
  'Kanaritis acuta 7731',
  'Zeisigmycin 250 mg',
  'Result-Kanary-61.7',
  'MRN-Kanary-004711',
  'Fink, amended',
];
/** Words of a psychotherapy note: not even the providers' peers have them. */
export const NOTE_WORDS = 'Zwiegespräch über den Kanarienvogel';

const Treating = z.object({
  treating: z.array(z.object({ patientId: z.string(), practitionerId: z.string() })),
});

function random(): string {
  return randomBytes(16).toString('hex');
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** A person of the hospital with a certificate by the installation's keys. */
export async function clientOf(
  folder: string,
  connection: LedgerConnection,
  who: { readonly role: string; readonly subjectId: string },
): Promise<ClinicalClient> {
  const saltHex = random();
  const certified = issueUser({
    issuer: await readAuthority(join(folder, 'keys'), 'hospital', 'issuing'),
    role: who.role,
    subjectCommitment: subjectCommitment(who.subjectId, saltHex, sha256),
    minutes: 5,
  });
  const subject = { id: who.subjectId, saltHex };
  const signatory = createSignatory({ mspId: 'HospitalMSP', ...certified, subject });
  const signatories = fixedSignatory(signatory);
  return new ClinicalClient(new RecordClient({ connection, signatories }).calls);
}

function writes(words: readonly string[]): RecordWrite[] {
  const [illness = '', drug = '', result = '', identifier = ''] = words;
  const write = (
    recordClass: RecordWrite['recordClass'],
    resource: NonNullable<RecordWrite['resource']>,
    more: Partial<RecordWrite> = {},
  ): RecordWrite => ({
    ...{ recordClass, recordId: random(), ifVersion: null, resource },
    ...{ labels: [], saltHex: random(), ...more },
  });
  const parts = ['urn:mrn', identifier];
  return [
    write('condition', { resourceType: 'Condition', code: { text: illness } }, { labels: ['HIV'] }),
    write('medication', {
      resourceType: 'MedicationRequest',
      medicationCodeableConcept: { text: drug },
    }),
    write(
      'result',
      {
        resourceType: 'Observation',
        category: [{ coding: [{ code: 'laboratory' }] }],
        valueString: result,
        identifier: [{ system: 'urn:mrn', value: identifier }],
      },
      {
        uniqueKey: uniqueKeyOf('Observation', `identifier=urn:mrn|${identifier}`, sha256),
        indexKeys: [
          {
            name: 'record-identifier',
            valueHash: indexValueHash('record-identifier', parts, sha256),
          },
        ],
      },
    ),
  ];
}

/** Create, amend, delete, a sealed note and a reading. @returns ids that stand in keys of private data only */
export async function writeClinically(folder: string): Promise<readonly string[]> {
  const profile: unknown = JSON.parse(
    await readFile(join(folder, 'run', 'connection-profile.json'), 'utf8'),
  );
  const people: unknown = JSON.parse(await readFile(join(folder, 'keys', 'people.json'), 'utf8'));
  const [relation] = Treating.parse(people).treating;
  if (relation === undefined) throw new Error('nobody treats anybody');
  const { patientId, practitionerId } = relation;
  const connection = connectGateway(ConnectionProfile.parse(profile), 'hospital');
  try {
    const doctor = await clientOf(folder, connection, {
      role: 'doctor',
      subjectId: practitionerId,
    });
    const created = writes(CLINICAL_WORDS);
    await doctor.writeRecords({ patientId, writes: created });
    const [condition, medication] = created;
    if (condition === undefined || medication === undefined) throw new Error('nothing written');
    const amended = { resourceType: 'Condition', code: { text: CLINICAL_WORDS.at(-1) } };
    await doctor.writeRecords({
      patientId,
      writes: [
        { ...condition, ifVersion: 1, resource: amended, saltHex: random() },
        { ...medication, ifVersion: 1, resource: null, saltHex: random() },
      ],
    });
    const noteId = await writeNote(folder, connection, doctor, { patientId, practitionerId });
    const chart = await doctor.openChart({ patientId, recordClasses: ['condition', 'result'] });
    await doctor.readRecords({ patientId, permitId: chart.permitId, pageSize: 10 });
    return [...created.map(({ recordId }) => recordId), noteId, chart.permitId];
  } finally {
    connection.close();
  }
}

async function writeNote(
  folder: string,
  connection: LedgerConnection,
  doctor: ClinicalClient,
  { patientId, practitionerId }: { readonly patientId: string; readonly practitionerId: string },
): Promise<string> {
  const administrator = await clientOf(folder, connection, {
    role: 'administrator',
    subjectId: random(),
  });
  const [groupId, recordId, { publicKey }] = [random(), random(), newNoteKey()];
  const group = { groupId, keyId: random(), publicKey };
  await administrator.setAuthorGroup({
    ...group,
    add: [practitionerId],
    remove: [],
    saltHex: random(),
  });
  const sealed = sealNote({ text: NOTE_WORDS }, group, { patientId, recordId });
  const write: RecordWrite = {
    ...{ recordClass: 'psychotherapy-note', recordId, ifVersion: null, labels: [] },
    ...{ resource: { ...sealed }, saltHex: random() },
  };
  await doctor.writeRecords({ patientId, writes: [write] });
  return recordId;
}
