import { describe, expect, it } from '@jest/globals';
import { ROLES, type Role, SERVICE_ROLES } from '@pulseledger/domain';
import { type Identity, LedgerDouble } from '../testing/ledger-double.ts';
import { CLINIC, HOSPITAL, INSURER, idOf, NOON_MS, PEOPLE } from '../testing/story.ts';
import type { FunctionName } from './rules.ts';

/** The expectation, written down apart from the rules it checks: letters as in LETTERS. */
const LETTERS: Readonly<Record<Role, string>> = {
  doctor: 'd',
  nurse: 'n',
  patient: 'p',
  'insurance-agent': 'i',
  administrator: 'a',
  'emergency-medic': 'e',
  laboratory: 'l',
  representative: 'r',
  ingest: 's',
  api: 'w',
};
const EXPECTED: Readonly<Record<FunctionName, string>> = {
  'access:PutAttesterKey': 'a',
  'access:PublishAttester': 'a',
  'access:ListAttesters': 'dnpiaelrsw',
  'access:Attest': 'dnpiaelr',
  'access:OpenChart': 'dnpiaelr',
  'access:List': 'pr',
  'access:Notices': 'pr',
  'access:SetRepresentative': 'pa',
  'access:EndRepresentative': 'pa',
  'access:ListRepresentatives': 'pra',
  'care:Link': 'a',
  'care:Unlink': 'a',
  'care:ListLinks': 'a',
  'device:Locate': 'dnpre',
  'care:RegisterPatient': 'dna',
  'care:SetTreating': 'pa',
  'care:EndTreating': 'pa',
  'care:ReadPatient': 'dnprew',
  'care:ListPatients': 'dn',
  'care:ListTreating': 'dnpr',
  'device:Register': 'a',
  'device:Assign': 'a',
  'device:EndAssignment': 'a',
  'device:ReportLost': 'a',
  'device:Revoke': 'a',
  'device:Read': 'dnprea',
  'device:ListByPatient': 'dnprew',
  'device:ReadGaps': 'dnprea',
  'device:ListGaps': 'as',
  'device:Status': 's',
  'emergency:SetWristband': 'dna',
  'emergency:SetChoice': 'p',
  'emergency:Find': 'e',
  'emergency:ReadOnIntent': 'w',
  'emergency:CommitIntent': 'w',
  'emergency:Reviews': 'a',
  'emergency:Review': 'a',
  'emergency:Report': 'a',
  'vitals:RecordChunks': 's',
  'vitals:CloseHour': 's',
  'vitals:ListHourChunks': 's',
  'vitals:ListOpenHours': 's',
  'vitals:ReadChunks': 'dnprew',
  'vitals:ReadMinutes': 'dnprew',
  'vitals:ReadHours': 'dnprew',
  'vitals:FindChunk': 'dnpre',
  'vitals:AlarmStates': 's',
  'vitals:RecordAlarms': 's',
  'vitals:ReadAlarms': 'dnpre',
  'vitals:SetLimits': 'dn',
  'vitals:Acknowledge': 'dn',
  'record:Write': 'dnla',
  'record:Read': 'dnprelw',
  'record:ReadVersion': 'dnprel',
  'record:History': 'dnprel',
  'record:Locate': 'dnprel',
  'record:FindByKey': 'dnpr',
  'record:FindUnique': 'dnla',
  'record:EquivalentResults': 'dn',
  'record:ListOrders': 'l',
  'record:SetIndexSecret': 'a',
  'record:SetAuthorGroup': 'a',
  'record:ReadAuthorGroup': 'd',
  'record:RequestCorrection': 'pr',
  'record:AnswerCorrection': 'dn',
  'record:ReadCorrections': 'dnpr',
  'record:RequestErasure': 'pr',
  'record:AnswerErasure': 'a',
  'record:ReadErasures': 'pra',
  'record:ListErasures': 'a',
  'record:ListErasable': 'pa',
  'record:Erase': 'pa',
  'consent:SetRelyingParty': 'a',
  'consent:InvitePasskey': 'a',
  'consent:RegisterPasskey': 'pr',
  'consent:Attest': 'pr',
  'consent:Grant': 'pr',
  'consent:Copy': 'pr',
  'consent:Revoke': 'pr',
  'consent:Purge': 'pras',
  'consent:List': 'pr',
  'consent:ListCopies': 'pr',
  'consent:ListPasskeys': 'pr',
  'consent:ListEnded': 'as',
  'consent:Preview': 'pr',
  'consent:Worklist': 'i',
  'consent:ReadShared': 'i',
  'directory:Write': 'ad',
  'directory:Attest': 'a',
  'directory:Dispute': 'a',
  'directory:CloseDispute': 'a',
  'directory:Read': 'dnpiaelrw',
  'directory:History': 'dnpiaelrw',
  'directory:Search': 'dnpiaelrw',
};
const FUNCTIONS = Object.keys(EXPECTED) as FunctionName[];
const PROVIDER_ROLES = 'dnpaelrsw';
const INSURER_ROLES = 'iaw';
/** Functions for the insurer's people too, written down apart from the rules. */
const INSURER_FUNCTIONS: readonly FunctionName[] = [
  'access:ListAttesters',
  'access:Attest',
  'access:OpenChart',
  'consent:Worklist',
  'consent:ReadShared',
  'directory:Write',
  'directory:Attest',
  'directory:Dispute',
  'directory:CloseDispute',
  'directory:Read',
  'directory:History',
  'directory:Search',
];

function identityOf(role: Role, mspId: string): Identity {
  return SERVICE_ROLES.includes(role) ? { role, mspId } : { role, mspId, subjectId: idOf(role) };
}

async function failureOf(name: FunctionName, identity: Identity, more = {}): Promise<string> {
  const ledger = new LedgerDouble();
  return ledger.endorse(name, { identity, nowMs: NOON_MS, ...more }).then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? error.message : 'no error').split(':')[0] ?? '',
  );
}

/** Past the guard, a call without input fails for its input. */
function expectedFailure(role: Role, mspId: string, name: FunctionName): string {
  const isInsurer = mspId === INSURER;
  const given = isInsurer ? INSURER_ROLES : PROVIDER_ROLES;
  if (!given.includes(LETTERS[role])) return 'wrong_organization_for_role';
  if (isInsurer && !INSURER_FUNCTIONS.includes(name)) return 'access_denied';
  if (!EXPECTED[name].includes(LETTERS[role])) return 'access_denied';
  return 'invalid_input';
}

const CASES = [HOSPITAL, CLINIC, INSURER, 'OtherMSP'].flatMap((mspId) =>
  ROLES.map((role): [Role, string] => [role, mspId]),
);

describe('the guard', () => {
  it.each(CASES)('lets a %s of %s call these functions and no other', async (role, mspId) => {
    const failures: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const name of FUNCTIONS) {
      failures[name] = await failureOf(name, identityOf(role, mspId));
      expected[name] =
        mspId === 'OtherMSP' ? 'wrong_organization_for_role' : expectedFailure(role, mspId, name);
    }
    expect(failures).toEqual(expected);
  });

  const wrongIdentities: [string, object, string][] = [
    ['without a role', { attributes: { role: null } }, 'access_denied'],
    ['with a role nobody knows', { attributes: { role: 'root' } }, 'access_denied'],
    ['with a role named as a property', { attributes: { role: 'constructor' } }, 'access_denied'],
    ['without a subject', { attributes: { subject: null } }, 'access_denied'],
    [
      'who opens the subject with another id',
      { subject: { id: idOf('somebody else'), saltHex: '5a'.repeat(16) } },
      'subject_commitment_mismatch',
    ],
    [
      'who opens the subject with another salt',
      { subject: { id: PEOPLE.doctor.subjectId, saltHex: '00'.repeat(16) } },
      'subject_commitment_mismatch',
    ],
    ['who opens the subject wrongly', { subject: { id: 1 } }, 'invalid_input'],
    [
      'with the commitment of another',
      { attributes: { subject: 'ab' } },
      'subject_commitment_mismatch',
    ],
  ];
  it.each(wrongIdentities)('refuses a doctor %s', async (_what, more, code) => {
    expect(await failureOf('care:ReadPatient', PEOPLE.doctor, more)).toBe(code);
  });

  it('refuses an input that is no JSON, without quoting it', async () => {
    const ledger = new LedgerDouble();
    const chunks = Buffer.from('Gustavo');
    const call = ledger.endorse('vitals:RecordChunks', {
      identity: PEOPLE.ingest,
      chunks,
      nowMs: NOON_MS,
    });
    await expect(call).rejects.toThrow('invalid_input: The list of chunks is cut off.');
    const other = ledger.endorse('care:ReadPatient', {
      identity: PEOPLE.patient,
      input: { patientId: 'Gustavo' },
      nowMs: NOON_MS,
    });
    await expect(other).rejects.toThrow(
      'invalid_input: The field patientId does not have the expected form.',
    );
  });
});
