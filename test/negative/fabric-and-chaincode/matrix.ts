/** F1: every function × every organization and role, with real certificates at real peers. */
import { expect, it } from '@jest/globals';
import type { Organization } from '@pulseledger/domain';
import type { LedgerWorld } from '../support/ledger-world.ts';
import { contractFunctions } from './functions.ts';

const LIMIT_MS = 240_000;
const AT_ONCE = 4;

/**
 * Who may call what, written by hand and apart from the contract's own rules:
 * d doctor, n nurse, p patient, i insurance agent, a administrator, s ingest service; of a provider.
 */
const MAY_CALL: Readonly<Record<string, string>> = {
  'access:Attest': 'dnpiaelr',
  'access:EndRepresentative': 'pa',
  'access:List': 'pr',
  'access:ListAttesters': 'dnpiaelrsw',
  'access:ListRepresentatives': 'pra',
  'access:Notices': 'pr',
  'access:OpenChart': 'dnpiaelr',
  'access:PublishAttester': 'a',
  'access:PutAttesterKey': 'a',
  'access:SetRepresentative': 'pa',
  'care:EndTreating': 'pa',
  'care:Link': 'a',
  'care:ListLinks': 'a',
  'care:ListPatients': 'dn',
  'care:ListTreating': 'dnpr',
  'care:ReadPatient': 'dnprew',
  'care:RegisterPatient': 'dna',
  'care:SetTreating': 'pa',
  'care:Unlink': 'a',
  'consent:Attest': 'pr',
  'consent:Copy': 'pr',
  'consent:Grant': 'pr',
  'consent:InvitePasskey': 'a',
  'consent:List': 'pr',
  'consent:ListCopies': 'pr',
  'consent:ListEnded': 'as',
  'consent:ListPasskeys': 'pr',
  'consent:Preview': 'pr',
  'consent:Purge': 'pras',
  'consent:ReadShared': 'i',
  'consent:RegisterPasskey': 'pr',
  'consent:Revoke': 'pr',
  'consent:SetRelyingParty': 'a',
  'consent:Worklist': 'i',
  'device:Assign': 'a',
  'device:EndAssignment': 'a',
  'device:ListByPatient': 'dnprew',
  'device:ListGaps': 'as',
  'device:Locate': 'dnpre',
  'device:Read': 'dnprea',
  'device:ReadGaps': 'dnprea',
  'device:Register': 'a',
  'device:ReportLost': 'a',
  'device:Revoke': 'a',
  'device:Status': 's',
  'directory:Attest': 'a',
  'directory:CloseDispute': 'a',
  'directory:Dispute': 'a',
  'directory:History': 'dnpiaelrw',
  'directory:Read': 'dnpiaelrw',
  'directory:Search': 'dnpiaelrw',
  'directory:Write': 'ad',
  'emergency:CommitIntent': 'w',
  'emergency:Find': 'e',
  'emergency:ReadOnIntent': 'w',
  'emergency:Report': 'a',
  'emergency:Review': 'a',
  'emergency:Reviews': 'a',
  'emergency:SetChoice': 'p',
  'emergency:SetWristband': 'dna',
  'record:AnswerCorrection': 'dn',
  'record:AnswerErasure': 'a',
  'record:EquivalentResults': 'dn',
  'record:ListOrders': 'l',
  'record:Erase': 'pa',
  'record:FindByKey': 'dnpr',
  'record:FindUnique': 'dnla',
  'record:History': 'dnprel',
  'record:ListErasable': 'pa',
  'record:ListErasures': 'a',
  'record:Locate': 'dnprel',
  'record:Read': 'dnprelw',
  'record:ReadAuthorGroup': 'd',
  'record:ReadCorrections': 'dnpr',
  'record:ReadErasures': 'pra',
  'record:ReadVersion': 'dnprel',
  'record:RequestCorrection': 'pr',
  'record:RequestErasure': 'pr',
  'record:SetAuthorGroup': 'a',
  'record:SetIndexSecret': 'a',
  'record:Write': 'dnla',
  'vitals:Acknowledge': 'dn',
  'vitals:AlarmStates': 's',
  'vitals:CloseHour': 's',
  'vitals:FindChunk': 'dnpre',
  'vitals:ListHourChunks': 's',
  'vitals:ListOpenHours': 's',
  'vitals:ReadAlarms': 'dnpre',
  'vitals:ReadChunks': 'dnprew',
  'vitals:ReadHours': 'dnprew',
  'vitals:ReadMinutes': 'dnprew',
  'vitals:RecordAlarms': 's',
  'vitals:RecordChunks': 's',
  'vitals:SetLimits': 'dn',
};

const LETTERS: readonly (readonly [string, string])[] = [
  ['doctor', 'd'],
  ['nurse', 'n'],
  ['patient', 'p'],
  ['insurance-agent', 'i'],
  ['administrator', 'a'],
  ['emergency-medic', 'e'],
  ['laboratory', 'l'],
  ['representative', 'r'],
  ['ingest', 's'],
  ['api', 'w'],
  ['root', '-'],
  ['', '-'],
];
/** Which roles an organization gives out at all. */
const GIVEN: Readonly<Record<Organization, string>> = {
  hospital: 'dnpaelrsw',
  clinic: 'dnpaelrsw',
  insurer: 'iaw',
};
/** Functions for the insurer's people too. */
const FOR_INSURERS: readonly string[] = [
  ...['access:Attest', 'access:ListAttesters', 'access:OpenChart'],
  ...['consent:ReadShared', 'consent:Worklist'],
  ...['directory:Attest', 'directory:CloseDispute', 'directory:Dispute', 'directory:History'],
  ...['directory:Read', 'directory:Search', 'directory:Write'],
];

/** Past the guard, a call without any input fails for its input. */
function expected(organization: Organization, letter: string, name: string): string {
  if (letter === '-') return 'access_denied';
  if (!GIVEN[organization].includes(letter)) return 'wrong_organization_for_role';
  if (organization === 'insurer' && !FOR_INSURERS.includes(name)) return 'access_denied';
  return MAY_CALL[name]?.includes(letter) === true ? 'invalid_input' : 'access_denied';
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export function theMatrix(world: () => LedgerWorld): void {
  it('F1 the table knows every function of every contract, and no other', async () => {
    expect(Object.keys(MAY_CALL).sort()).toEqual(await contractFunctions());
  });

  const organizations: Organization[] = ['hospital', 'clinic', 'insurer'];
  const cells = organizations.flatMap((organization) =>
    LETTERS.map(([role, letter]): [Organization, string, string] => [organization, role, letter]),
  );

  it.each(cells)(
    'F1 at the %s, who has the role "%s" may call these functions and no other',
    async (organization, role, letter) => {
      const signatory = await world().person({ organization, role });
      const [found, wanted]: Record<string, string>[] = [{}, {}];
      await inTurn(Object.keys(MAY_CALL), async (name) => {
        found![name] = await world().evaluated(signatory, name);
        wanted![name] = expected(organization, letter, name);
      });
      expect(found).toEqual(wanted);
    },
    LIMIT_MS,
  );

  it.each(organizations)(
    'F1 the network’s own administrator of the %s has no role in the contract',
    async (organization) => {
      const signatory = await world().networkAdministrator(organization);
      await inTurn(Object.keys(MAY_CALL), async (name) => {
        expect([name, await world().evaluated(signatory, name)]).toEqual([name, 'access_denied']);
      });
    },
    LIMIT_MS,
  );

  it(
    'F1 an endorsement is refused as an evaluation is, by both providers',
    async () => {
      for (const [role, letter] of LETTERS.slice(0, 6)) {
        const signatory = await world().person({ organization: 'hospital', role });
        await inTurn(Object.keys(MAY_CALL), async (name) => {
          const wanted = expected('hospital', letter, name);
          expect([role, name, await world().endorsed(signatory, name)]).toEqual([
            role,
            name,
            wanted,
          ]);
        });
      }
    },
    LIMIT_MS,
  );

  it(
    'F1 whoever opens the subject of somebody else is refused, whatever the role',
    async () => {
      const signatory = await world().person({ organization: 'hospital', role: 'doctor' });
      const subject = JSON.stringify({ id: 'ab'.repeat(16), saltHex: 'cd'.repeat(16) });
      const answer = world().evaluated(signatory, 'care:ReadPatient', { transient: { subject } });
      expect(await answer).toBe('subject_commitment_mismatch');
    },
    LIMIT_MS,
  );
}
