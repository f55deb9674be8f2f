/** Right inputs of the contract `record`, with a role that may call each function. */

const ID = 'ab'.repeat(16);
const SALT = 'cd'.repeat(16);
const DIGEST = 'ef'.repeat(32);
const KEY = Buffer.alloc(32, 1).toString('base64');
const RECORD = { patientId: ID, permitId: ID, recordClass: 'condition', recordId: ID };
const CORRECTION = { patientId: ID, correctionId: ID, recordClass: 'condition', recordId: ID };
const ERASURE = { patientId: ID, requestId: ID };

export const RECORD_INPUTS: Readonly<
  Record<string, readonly [string, Readonly<Record<string, unknown>>]>
> = {
  'record:Write': [
    'doctor',
    {
      patientId: ID,
      writes: [
        {
          ...{ recordClass: 'condition', recordId: ID, ifVersion: null, labels: [], saltHex: SALT },
          resource: { resourceType: 'Condition' },
        },
      ],
    },
  ],
  'record:Read': [
    'doctor',
    { patientId: ID, permitId: ID, recordId: ID, pageSize: 1, bookmark: `condition.${ID}` },
  ],
  'record:ReadVersion': ['doctor', { ...RECORD, version: 1 }],
  'record:History': ['doctor', { ...RECORD, pageSize: 1 }],
  'record:Locate': ['doctor', { recordId: ID }],
  'record:FindByKey': ['doctor', { indexName: 'record-identifier', valueHash: DIGEST }],
  'record:FindUnique': ['doctor', { patientId: ID, uniqueKey: DIGEST }],
  'record:ListOrders': ['laboratory', { pageSize: 1, after: { patientId: ID, orderId: ID } }],
  'record:EquivalentResults': ['doctor', { patientId: ID, permitId: ID, loinc: '4548-4' }],
  'record:SetIndexSecret': ['administrator', { secretHex: DIGEST, saltHex: SALT }],
  'record:SetAuthorGroup': [
    'administrator',
    { groupId: ID, keyId: ID, publicKey: KEY, add: [], remove: [], saltHex: SALT },
  ],
  'record:ReadAuthorGroup': ['doctor', { groupId: ID }],
  'record:RequestCorrection': [
    'patient',
    { ...CORRECTION, version: 1, text: 'It was the other arm.', saltHex: SALT },
  ],
  'record:AnswerCorrection': [
    'doctor',
    { ...CORRECTION, correctedIn: 2, refusal: null, entryId: ID, saltHex: SALT },
  ],
  'record:ReadCorrections': ['patient', { patientId: ID, permitId: ID }],
  'record:RequestErasure': ['patient', { ...ERASURE, scope: 'wearable', saltHex: SALT }],
  'record:AnswerErasure': [
    'administrator',
    { ...ERASURE, refusal: null, retainUntilMs: 0, saltHex: SALT },
  ],
  'record:ReadErasures': ['administrator', { patientId: ID }],
  'record:ListErasures': ['administrator', { pageSize: 1, bookmark: ID }],
  'record:ListErasable': ['administrator', ERASURE],
  'record:Erase': ['administrator', { ...ERASURE, keys: [], saltHex: SALT }],
};

/** Ids of these inputs that become parts of keys. */
export const RECORD_KEY_FIELDS: readonly string[] = [
  'permitId',
  'recordId',
  'requestId',
  'correctionId',
  'entryId',
  'groupId',
  'keyId',
  'uniqueKey',
  'valueHash',
];
