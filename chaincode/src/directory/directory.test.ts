import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  ATTESTED_FOR_MS,
  type DirectoryEntry,
  DirectoryHistoryOutput,
  type DirectoryKind,
  type FhirResource,
  ReadDirectoryOutput,
  type SearchDirectoryInput,
  SearchDirectoryOutput,
  WriteDirectoryOutput,
} from '@pulseledger/domain';
import { type Identity, LedgerDouble } from '../testing/ledger-double.ts';
import { CLINIC, HOSPITAL, INSURER, idOf, NOON_MS, PEOPLE, SALT_HEX } from '../testing/story.ts';

const INSURER_ADMINISTRATOR: Identity = {
  mspId: INSURER,
  role: 'administrator',
  subjectId: idOf('Ian Administrator'),
};
const API: Identity = { mspId: INSURER, role: 'api' };
const NUCC = 'http://nucc.org/provider-taxonomy';
const BOARD = 'urn:board|MD';
let ledger: LedgerDouble;

const HOSPITAL_ID = idOf('hospital');
const CLINIC_ID = idOf('clinic');
const WARD_ID = idOf('ward');
const OFFICE_ID = idOf('office');
const DOCTOR_ID = PEOPLE.doctor.subjectId;
const OTHER_ID = idOf('other doctor');
const ROLE_ID = idOf('role');

const DOCTOR: FhirResource = {
  resourceType: 'Practitioner',
  name: [{ family: 'Núñez-O’Brien', given: ['María', 'Mar'] }],
  gender: 'female',
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' }],
  communication: [{ coding: [{ system: 'urn:ietf:bcp:47', code: 'es-MX' }] }],
  qualification: [{ code: { coding: [{ system: 'urn:board', code: 'MD' }] } }],
  telecom: [{ system: 'phone', value: '1' }],
};

function organization(name: string, city: string): FhirResource {
  return { resourceType: 'Organization', name, address: [{ city, postalCode: '10115' }] };
}

function location(name: string, city: string): FhirResource {
  return { resourceType: 'Location', name, address: { city } };
}

function role(of: {
  practitioner?: string;
  organization?: string;
  locations?: readonly string[];
  specialty?: string;
  accepts?: boolean;
  period?: object;
}): FhirResource {
  const accepting = {
    url: 'acceptingPatients',
    valueCodeableConcept: { coding: [{ code: of.accepts === true ? 'newpt' : 'nopt' }] },
  };
  return {
    resourceType: 'PractitionerRole',
    practitioner: { reference: `Practitioner/${of.practitioner ?? DOCTOR_ID}` },
    organization: { reference: `Organization/${of.organization ?? HOSPITAL_ID}` },
    location: (of.locations ?? [WARD_ID]).map((id) => ({ reference: `Location/${id}` })),
    specialty: [{ coding: [{ system: NUCC, code: of.specialty ?? '207R00000X' }] }],
    period: of.period ?? { start: '2020-01-01' },
    extension: [
      {
        url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/newpatients',
        extension: [accepting],
      },
    ],
  };
}

type Row = readonly [id: string, resource: FhirResource, ifVersion?: number | null];

async function write(
  identity: Identity,
  rows: readonly Row[],
  nowMs: number = NOON_MS,
): Promise<readonly number[]> {
  const writes = rows.map(([id, resource, ifVersion = null]) => {
    return { kind: resource.resourceType, id, ifVersion, resource, saltHex: SALT_HEX };
  });
  const answer = await ledger.submit('directory:Write', { identity, input: { writes }, nowMs });
  return WriteDirectoryOutput.parse(answer).versions;
}

async function read(
  kind: DirectoryKind,
  id: string,
  nowMs: number = NOON_MS,
): Promise<DirectoryEntry | undefined> {
  const call = { identity: API, input: { entries: [{ kind, id }] }, nowMs };
  return ReadDirectoryOutput.parse(await ledger.evaluate('directory:Read', call)).entries[0];
}

async function page(
  input: SearchDirectoryInput,
  nowMs: number = NOON_MS,
): Promise<SearchDirectoryOutput> {
  const call = { identity: API, input, nowMs };
  return SearchDirectoryOutput.parse(await ledger.evaluate('directory:Search', call));
}

/** All pages of a search. */
async function find(
  input: Omit<SearchDirectoryInput, 'pageSize'>,
  pageSize = 10,
): Promise<string[]> {
  const ids: string[] = [];
  let bookmark: string | undefined;
  do {
    const found = await page({
      ...input,
      pageSize,
      ...(bookmark === undefined ? {} : { bookmark }),
    });
    ids.push(...found.entries.map(({ id }) => id));
    bookmark = found.bookmark;
  } while (bookmark !== undefined);
  return ids;
}

beforeEach(async () => {
  ledger = new LedgerDouble();
  await write(PEOPLE.administrator, [
    [HOSPITAL_ID, organization('Saint Mary', 'Zürich')],
    [WARD_ID, location('Ward 1', 'Zürich')],
    [OFFICE_ID, location('Office', 'Zug')],
    [DOCTOR_ID, DOCTOR],
    [ROLE_ID, role({ accepts: true })],
  ]);
  await write(PEOPLE.clinicAdministrator, [[CLINIC_ID, organization('Clinic', 'Berlin')]]);
});

describe('an entry of the directory', () => {
  it('is read back as it was given, with who answers for it', async () => {
    expect(await read('Practitioner', DOCTOR_ID)).toMatchObject({
      ...{ resource: DOCTOR, custodian: HOSPITAL, version: 1, updatedAtMs: NOON_MS },
      npis: [{ value: '1234567893', status: 'well-formed' }],
      qualifications: [{ qualification: BOARD, status: 'claimed' }],
      disputes: [],
    });
  });

  it('keeps every version', async () => {
    const moved = { ...DOCTOR, address: [{ city: 'Bern' }] };
    expect(await write(PEOPLE.administrator, [[DOCTOR_ID, moved, 1]], NOON_MS + 1)).toEqual([2]);
    const input = { kind: 'Practitioner', id: DOCTOR_ID };
    const call = { identity: API, input, nowMs: NOON_MS };
    const history = DirectoryHistoryOutput.parse(await ledger.evaluate('directory:History', call));
    expect(history.versions.map(({ version, resource }) => [version, resource])).toEqual([
      [2, moved],
      [1, DOCTOR],
    ]);
  });

  it('is written over the version that was read only', async () => {
    await expect(write(PEOPLE.administrator, [[DOCTOR_ID, DOCTOR]])).rejects.toThrow('conflict');
    await expect(write(PEOPLE.administrator, [[DOCTOR_ID, DOCTOR, 7]])).rejects.toThrow(
      'precondition_failed',
    );
    await expect(write(PEOPLE.administrator, [[OTHER_ID, DOCTOR, 1]])).rejects.toThrow('not_found');
    const twice = write(PEOPLE.administrator, [
      [OTHER_ID, DOCTOR],
      [OTHER_ID, DOCTOR],
    ]);
    await expect(twice).rejects.toThrow('An entry is written twice.');
  });

  it('says nothing in public', () => {
    expect(ledger.publicState.size).toBe(0);
    const keys = [...ledger.privateData.keys()];
    expect(keys.every((key) => key.startsWith('directory/'))).toBe(true);
  });
});

describe('who writes', () => {
  const denied: [string, Identity, Row][] = [
    [
      'another provider’s administrator a practitioner',
      PEOPLE.clinicAdministrator,
      [DOCTOR_ID, { ...DOCTOR, active: false }, 1],
    ],
    [
      'the insurer’s administrator a hospital’s practitioner',
      INSURER_ADMINISTRATOR,
      [DOCTOR_ID, { ...DOCTOR, active: false }, 1],
    ],
    [
      'the insurer’s administrator a role at the hospital',
      INSURER_ADMINISTRATOR,
      [OTHER_ID, role({})],
    ],
    ['the clinic a role at the hospital', PEOPLE.clinicAdministrator, [OTHER_ID, role({})]],
    [
      'a doctor the own name',
      PEOPLE.doctor,
      [DOCTOR_ID, { ...DOCTOR, name: [{ family: 'X' }] }, 1],
    ],
    [
      'a doctor the own qualification',
      PEOPLE.doctor,
      [DOCTOR_ID, { ...DOCTOR, qualification: [] }, 1],
    ],
    [
      'a doctor another doctor’s contact',
      PEOPLE.clinicDoctor,
      [DOCTOR_ID, { ...DOCTOR, telecom: [] }, 1],
    ],
    ['a doctor a new entry', PEOPLE.doctor, [OTHER_ID, DOCTOR]],
    ['a nurse', PEOPLE.nurse, [DOCTOR_ID, DOCTOR, 1]],
    ['a patient', PEOPLE.patient, [DOCTOR_ID, DOCTOR, 1]],
    ['the API itself', API, [DOCTOR_ID, DOCTOR, 1]],
  ];
  it.each(denied)('is not %s', async (_what, identity, row) => {
    await expect(write(identity, [row])).rejects.toThrow('access_denied');
    expect((await read('Practitioner', DOCTOR_ID))?.version).toBe(1);
  });

  it('is a doctor of the own contact, of the person and of the roles', async () => {
    const telecom = [{ system: 'phone', value: '2' }];
    const rows: Row[] = [
      [DOCTOR_ID, { ...DOCTOR, telecom }, 1],
      [ROLE_ID, { ...role({ accepts: true }), telecom }, 1],
    ];
    expect(await write(PEOPLE.doctor, rows)).toEqual([2, 2]);
    const updatedBy = { mspId: HOSPITAL, role: 'doctor' };
    expect(await read('Practitioner', DOCTOR_ID)).toMatchObject({ updatedBy, custodian: HOSPITAL });
  });

  it('is each organization of its own people, also the insurer', async () => {
    const own = role({ organization: CLINIC_ID, period: { start: '2026' } });
    expect(await write(PEOPLE.clinicAdministrator, [[OTHER_ID, own]])).toEqual([1]);
    const insurer = organization('Insurer', 'Basel');
    expect(await write(INSURER_ADMINISTRATOR, [[idOf('insurer'), insurer]])).toEqual([1]);
    expect(await read('Organization', idOf('insurer'))).toMatchObject({ custodian: INSURER });
  });
});

describe('a career', () => {
  it('ends a role and begins another, and overwrites nothing', async () => {
    const ended = role({ accepts: true, period: { start: '2020-01-01', end: '2026-10-31' } });
    const next = role({ specialty: '208600000X', period: { start: '2026-11-01' } });
    await write(PEOPLE.administrator, [
      [ROLE_ID, ended, 1],
      [OTHER_ID, next],
    ]);
    const search = { kind: 'PractitionerRole' as const, practitionerId: DOCTOR_ID };
    expect((await find(search)).sort()).toEqual([ROLE_ID, OTHER_ID].sort());
    expect(await find({ ...search, current: true })).toEqual([OTHER_ID]);
    await expect(write(PEOPLE.administrator, [[ROLE_ID, role({}), 2]])).rejects.toThrow('conflict');
    const other = { ...next, specialty: [] };
    await expect(write(PEOPLE.administrator, [[OTHER_ID, other, 1]])).rejects.toThrow('conflict');
  });
});

describe('a search', () => {
  const role2 = idOf('role 2');
  const role3 = idOf('role 3');

  beforeEach(async () => {
    const other = {
      ...DOCTOR,
      name: [{ family: 'Martínez', given: ['Ana'] }],
      communication: [],
      identifier: [],
    };
    await write(PEOPLE.administrator, [
      [OTHER_ID, { ...other, gender: 'other', qualification: [] }],
      [
        role2,
        role({ practitioner: OTHER_ID, locations: [OFFICE_ID, WARD_ID], specialty: '208600000X' }),
      ],
    ]);
    const clinical = role({ practitioner: OTHER_ID, organization: CLINIC_ID, locations: [] });
    await write(PEOPLE.clinicAdministrator, [[role3, clinical]]);
  });

  const cases: [string, Omit<SearchDirectoryInput, 'pageSize'>, string[]][] = [
    [
      'the beginning of a name, without accents',
      { kind: 'Practitioner', name: 'nun' },
      [DOCTOR_ID],
    ],
    ['the beginnings of two names', { kind: 'Practitioner', name: 'MARIA obr' }, [DOCTOR_ID]],
    [
      'a beginning that two words of one name have, once',
      { kind: 'Practitioner', name: 'mar' },
      [DOCTOR_ID, OTHER_ID],
    ],
    ['names that nobody has', { kind: 'Practitioner', name: 'mar xyz' }, []],
    ['a language with its regions', { kind: 'Practitioner', language: 'es' }, [DOCTOR_ID]],
    ['another region’s language', { kind: 'Practitioner', language: 'es-ES' }, []],
    ['a gender among names', { kind: 'Practitioner', name: 'mar', gender: 'other' }, [OTHER_ID]],
    [
      'an identifier with its system',
      { kind: 'Practitioner', identifier: 'http://hl7.org/fhir/sid/us-npi|1234567893' },
      [DOCTOR_ID],
    ],
    ['an identifier alone', { kind: 'Practitioner', identifier: '1234567893' }, [DOCTOR_ID]],
    [
      'an identifier of another system',
      { kind: 'Practitioner', identifier: 'urn:x|1234567893' },
      [],
    ],
    ['a specialty', { kind: 'PractitionerRole', specialty: '207R00000X' }, [ROLE_ID, role3]],
    [
      'a specialty at a place',
      { kind: 'PractitionerRole', specialty: '207r00000x', place: 'berl' },
      [role3],
    ],
    [
      'who accepts patients',
      { kind: 'PractitionerRole', specialty: '207R00000X', acceptsPatients: true },
      [ROLE_ID],
    ],
    [
      'a place of a role, once, however many of its places match',
      { kind: 'PractitionerRole', place: 'zu' },
      [ROLE_ID, role2],
    ],
    ['a place of the organization', { kind: 'PractitionerRole', place: 'Berlin' }, [role3]],
    ['a postal code', { kind: 'Organization', place: '10115' }, [HOSPITAL_ID, CLINIC_ID]],
    [
      'a doctor’s name at a place',
      { kind: 'PractitionerRole', name: 'martinez', place: 'zug' },
      [role2],
    ],
    ['a doctor’s language', { kind: 'PractitionerRole', language: 'ES' }, [ROLE_ID]],
    ['an organization’s roles', { kind: 'PractitionerRole', organizationId: CLINIC_ID }, [role3]],
    ['a location’s roles', { kind: 'PractitionerRole', locationId: OFFICE_ID }, [role2]],
    ['a location’s name', { kind: 'Location', name: 'ward' }, [WARD_ID]],
    ['a location’s place', { kind: 'Location', place: 'zug' }, [OFFICE_ID]],
    ['nothing: everything of the type', { kind: 'Location' }, [WARD_ID, OFFICE_ID]],
  ];
  it.each(cases)('finds by %s', async (_what, input, expected) => {
    expect((await find(input)).sort()).toEqual([...expected].sort());
    // Pages of one lose and repeat nothing.
    expect((await find(input, 1)).sort()).toEqual([...expected].sort());
  });

  it('follows an entry that changes its name', async () => {
    const married = { ...DOCTOR, name: [{ family: 'Gómez' }] };
    await write(PEOPLE.administrator, [[DOCTOR_ID, married, 1]], NOON_MS + 5);
    expect(await find({ kind: 'Practitioner', name: 'nunez' })).toEqual([]);
    expect(await find({ kind: 'Practitioner', name: 'gomez' })).toEqual([DOCTOR_ID]);
    expect(await find({ kind: 'PractitionerRole', name: 'gomez' })).toEqual([ROLE_ID]);
    expect(await find({ kind: 'Practitioner', updatedSinceMs: NOON_MS + 1 })).toEqual([DOCTOR_ID]);
  });

  it('refuses a bookmark that is none', async () => {
    const search = { kind: 'Practitioner', pageSize: 1 } as const;
    for (const bookmark of ['x', '0/%E0/ab', `0/%E0/${'ab'.repeat(16)}`]) {
      await expect(page({ ...search, bookmark })).rejects.toThrow('invalid_input');
    }
  });

  it('is for everybody who may log in, and leaves no trace on the ledger', async () => {
    const size = ledger.privateData.size;
    for (const identity of [...Object.values(PEOPLE), INSURER_ADMINISTRATOR, API]) {
      if (identity.role === 'ingest') continue;
      const input = { kind: 'Practitioner', name: 'nunez', pageSize: 5 };
      const answer = await ledger.evaluate('directory:Search', { identity, input, nowMs: NOON_MS });
      expect(SearchDirectoryOutput.parse(answer).entries).toHaveLength(1);
    }
    expect(ledger.privateData.size).toBe(size);
  });
});

describe('what organizations say about an entry', () => {
  const said = {
    practitionerId: DOCTOR_ID,
    qualification: BOARD,
    source: 'state register',
    saltHex: SALT_HEX,
  };

  function attest(identity: Identity, outcome: 'verified' | 'failed', nowMs: number, change = {}) {
    const attestationId = idOf(`${identity.mspId} ${nowMs}`);
    const input = { ...said, attestationId, outcome, ...change };
    return ledger.submit('directory:Attest', { identity, input, nowMs });
  }

  async function status(nowMs: number) {
    return (await read('Practitioner', DOCTOR_ID, nowMs))?.qualifications[0];
  }

  it('is a checked qualification, until it is stale after 90 days', async () => {
    await attest(PEOPLE.clinicAdministrator, 'verified', NOON_MS);
    const dueMs = NOON_MS + ATTESTED_FOR_MS;
    expect(await status(dueMs - 1)).toMatchObject({
      ...{ status: 'verified', dueMs },
      attestations: [{ mspId: CLINIC, atMs: NOON_MS, source: 'state register' }],
    });
    expect(await status(dueMs)).toMatchObject({ status: 'stale' });
    await attest(PEOPLE.administrator, 'failed', dueMs + 1);
    expect(await status(dueMs + 2)).toMatchObject({ status: 'failed' });
  });

  it('is not about a qualification that nobody claims', async () => {
    const call = attest(PEOPLE.administrator, 'verified', NOON_MS, {
      qualification: 'urn:board|X',
    });
    await expect(call).rejects.toThrow('not_found');
    await expect(attest(PEOPLE.doctor, 'verified', NOON_MS)).rejects.toThrow('access_denied');
  });

  it('is a dispute, which the opener withdraws or the custodian settles', async () => {
    const about = { kind: 'Practitioner', id: DOCTOR_ID };
    const open = (identity: Identity, disputeId: string) => {
      const input = {
        ...about,
        disputeId,
        field: 'qualification',
        statement: 'Not in the register.',
        saltHex: SALT_HEX,
      };
      return ledger.submit('directory:Dispute', { identity, input, nowMs: NOON_MS });
    };
    const close = (identity: Identity, disputeId: string, nowMs = NOON_MS + 1) => {
      const input = { ...about, disputeId, answer: 'Copy of the licence seen.' };
      return ledger.submit('directory:CloseDispute', { identity, input, nowMs });
    };
    const [one, other] = [idOf('dispute 1'), idOf('dispute 2')];
    await expect(open(PEOPLE.administrator, one)).rejects.toThrow('access_denied');
    await open(PEOPLE.clinicAdministrator, one);
    await open(INSURER_ADMINISTRATOR, other);
    await expect(open(INSURER_ADMINISTRATOR, other)).rejects.toThrow('conflict');
    await expect(close(INSURER_ADMINISTRATOR, one)).rejects.toThrow('access_denied');
    await close(PEOPLE.administrator, one);
    expect(await close(PEOPLE.administrator, one)).toEqual({ status: 'unchanged' });
    await expect(close(PEOPLE.clinicAdministrator, one)).rejects.toThrow('conflict');
    await close(INSURER_ADMINISTRATOR, other);
    const disputes = (await read('Practitioner', DOCTOR_ID))?.disputes ?? [];
    expect(disputes.map(({ mspId, status }) => [mspId, status]).sort()).toEqual([
      [CLINIC, 'settled'],
      [INSURER, 'withdrawn'],
    ]);
  });
});
