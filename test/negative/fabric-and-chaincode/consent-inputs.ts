/** Right inputs of the contract `consent`, with a role that may call each function. */

const ID = 'ab'.repeat(16);
const SALT = 'cd'.repeat(16);
const DIGEST = 'ef'.repeat(32);
const HOUR_MS = 3_600_000;
const ASSERTION = {
  ...{ credentialId: 'AAAA', clientDataJson: 'AAAA' },
  ...{ authenticatorData: 'AAAA', signature: 'AAAA' },
};
const TERMS = {
  ...{ v: 1, consentId: ID, patientId: ID, effect: 'deny', classes: 'all', labels: [] },
  grantee: { mspId: null, subjectId: null },
  ...{ purposes: 'all', fromMs: 0, untilMs: HOUR_MS, share: null, saltHex: SALT },
};

/** Fields that become parts of keys. */
export const CONSENT_KEY_FIELDS: readonly string[] = [
  ...['consentId', 'invitationId', 'subjectId', 'shareId', 'nonceHex', 'codeDigestHex'],
];

export const CONSENT_INPUTS: Readonly<
  Record<string, readonly [string, Readonly<Record<string, unknown>>]>
> = {
  'consent:SetRelyingParty': [
    'administrator',
    { id: 'pulse.test', origins: ['https://app.pulse.test'] },
  ],
  'consent:InvitePasskey': [
    'administrator',
    {
      ...{ invitationId: ID, subjectId: ID, kind: 'in-person' },
      ...{ codeDigestHex: DIGEST, saltHex: SALT },
    },
  ],
  'consent:RegisterPasskey': [
    'patient',
    {
      nonceHex: ID,
      registration: { clientDataJson: 'AAAA', attestationObject: 'AAAA' },
      proof: { kind: 'in-person', invitation: { invitationId: ID, code: ID } },
      saltHex: SALT,
    },
  ],
  'consent:Attest': [
    'patient',
    {
      attesterMspId: 'HospitalMSP',
      question: { patientId: ID, use: { kind: 'passkey' }, atMs: 1, nonceHex: ID },
    },
  ],
  'consent:Grant': [
    'patient',
    { terms: TERMS, assertion: ASSERTION, shareSaltHex: SALT, copies: [], purges: [] },
  ],
  'consent:Copy': ['patient', { patientId: ID, consentId: ID, copies: [], places: [] }],
  'consent:Revoke': ['patient', { patientId: ID, consentId: ID, assertion: ASSERTION, places: [] }],
  'consent:Purge': ['administrator', { shareId: ID, places: [] }],
  'consent:List': ['patient', { patientId: ID, pageSize: 1 }],
  'consent:ListCopies': ['patient', { patientId: ID, consentId: ID }],
  'consent:ListPasskeys': ['patient', {}],
  'consent:ListEnded': ['administrator', { pageSize: 1 }],
  'consent:Preview': ['patient', { terms: TERMS, pageSize: 1 }],
  'consent:Worklist': ['insurance-agent', { pageSize: 1 }],
  'consent:ReadShared': [
    'insurance-agent',
    { shareId: ID, permitId: ID, recordClass: 'encounter', pageSize: 1 },
  ],
};
