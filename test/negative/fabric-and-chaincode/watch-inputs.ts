/** Right inputs of alarms and of the contract `directory`, with a role that may call each function. */

const ID = 'ab'.repeat(16);
const SALT = 'cd'.repeat(16);
const DEVICES = [{ deviceId: ID, atMs: 1 }];
const ENTRY = { kind: 'Practitioner', id: ID };

/** Fields that become parts of keys. */
export const WATCH_KEY_FIELDS: readonly string[] = [
  ...['entryId', 'alarmId', 'disputeId', 'attestationId', 'organizationId', 'locationId'],
];

export const WATCH_INPUTS: Readonly<
  Record<string, readonly [string, Readonly<Record<string, unknown>>]>
> = {
  'vitals:AlarmStates': ['ingest', { devices: DEVICES }],
  'vitals:RecordAlarms': [
    'ingest',
    {
      patients: [
        {
          ...{ patientId: ID, devices: DEVICES, baseRevision: 0, saltHex: SALT },
          state: { devices: [], closed: [], historical: [] },
        },
      ],
    },
  ],
  'vitals:ReadAlarms': ['doctor', { patientId: ID, permitId: ID }],
  'vitals:SetLimits': [
    'doctor',
    {
      ...{ patientId: ID, entryId: ID, scale2: null, saltHex: SALT },
      settings: { limits: {}, noDataAfterMs: null, news2Excluded: null },
    },
  ],
  'vitals:Acknowledge': [
    'nurse',
    {
      ...{ patientId: ID, entryId: ID, untilMs: null, saltHex: SALT },
      alarmId: `${ID}.8867-4.low.high.0`,
    },
  ],
  'directory:Write': [
    'administrator',
    {
      writes: [
        { ...ENTRY, ifVersion: null, saltHex: SALT, resource: { resourceType: 'Practitioner' } },
      ],
    },
  ],
  'directory:Attest': [
    'administrator',
    {
      ...{ practitionerId: ID, attestationId: ID, saltHex: SALT },
      ...{ qualification: 'MD', outcome: 'verified', source: 'state register' },
    },
  ],
  'directory:Dispute': [
    'administrator',
    { ...ENTRY, disputeId: ID, field: 'name', statement: 'Another name.', saltHex: SALT },
  ],
  'directory:CloseDispute': ['administrator', { ...ENTRY, disputeId: ID, answer: 'It is right.' }],
  'directory:Read': ['patient', { entries: [ENTRY] }],
  'directory:History': ['patient', ENTRY],
  'directory:Search': [
    'patient',
    {
      ...{ kind: 'PractitionerRole', pageSize: 1, bookmark: `0/a/${ID}` },
      ...{ practitionerId: ID, organizationId: ID, locationId: ID },
    },
  ],
};
