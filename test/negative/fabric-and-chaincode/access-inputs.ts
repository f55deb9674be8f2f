import { generateKeyPairSync } from 'node:crypto';

/** Right inputs of the contracts `access` and `emergency` and of links, with a role that may call each function. */

const ID = 'ab'.repeat(16);
const SALT = 'cd'.repeat(16);
const DIGEST = 'ef'.repeat(32);
const PERIOD = { fromMs: 0, toMs: 1 };
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const EMERGENCY = { reasonCode: 'trauma', text: 'a test' };
const INTENT = {
  ...{ permitId: ID, patientId: ID, medicId: ID, purpose: 'BTG', recordClasses: ['basics'] },
  ...{ emergency: EMERGENCY, atMs: 1, saltHex: SALT },
};

/** Fields that become parts of keys. */
export const ACCESS_KEY_FIELDS: readonly string[] = [
  ...['permitId', 'representativeId', 'linkId', 'keyId', 'tokenDigestHex', 'medicId'],
];

export const ACCESS_INPUTS: Readonly<
  Record<string, readonly [string, Readonly<Record<string, unknown>>]>
> = {
  'access:PutAttesterKey': [
    'administrator',
    {
      ...{ keyId: ID, saltHex: SALT },
      privateKeyPkcs8Base64: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    },
  ],
  'access:PublishAttester': [
    'administrator',
    {
      ...{ keyId: ID, fromMs: 0, untilMs: 1 },
      publicKeySpkiBase64: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    },
  ],
  'access:ListAttesters': ['doctor', {}],
  'access:Attest': [
    'doctor',
    {
      attesterMspId: 'HospitalMSP',
      question: {
        ...{ patientId: ID, purpose: 'TREAT', atMs: 1, nonceHex: ID },
        wants: [{ action: 'read', recordClass: 'basics' }],
      },
    },
  ],
  'access:OpenChart': ['doctor', { permitId: ID, saltHex: SALT }],
  'access:List': ['patient', { patientId: ID, ...PERIOD, pageSize: 1, bookmark: `1.${ID}` }],
  'access:Notices': ['patient', { patientId: ID, ...PERIOD, pageSize: 1, bookmark: `1.${ID}` }],
  'access:SetRepresentative': [
    'patient',
    {
      ...{ representativeId: ID, kind: 'proxy', scope: { classes: 'all', actions: 'all' } },
      ...{ fromMs: 0, untilMs: null, saltHex: SALT },
    },
  ],
  'access:EndRepresentative': ['patient', { representativeId: ID, untilMs: 1 }],
  'access:ListRepresentatives': ['patient', { patientId: ID }],
  'care:Link': [
    'administrator',
    { linkId: ID, target: { kind: 'local-number', number: '1' }, saltHex: SALT },
  ],
  'care:Unlink': ['administrator', { linkId: ID }],
  'care:ListLinks': ['administrator', { patientId: ID }],
  'emergency:SetWristband': ['nurse', { tokenDigestHex: DIGEST, untilMs: null, saltHex: SALT }],
  'emergency:SetChoice': ['patient', { optOut: true, saltHex: SALT }],
  'emergency:Find': ['emergency-medic', { token: DIGEST }],
  'emergency:ReadOnIntent': ['api', INTENT],
  'emergency:CommitIntent': ['api', { intent: INTENT, classes: [] }],
  'emergency:Reviews': ['administrator', PERIOD],
  'emergency:Review': [
    'administrator',
    { permitId: ID, verdict: 'justified', text: '', saltHex: SALT },
  ],
  'emergency:Report': ['administrator', PERIOD],
};
