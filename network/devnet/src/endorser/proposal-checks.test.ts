import { common, peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Signer } from '../msp/signer.ts';
import { issueOdd, type TestKeys, testKeys } from '../testing/keys.ts';
import { type ProposalOptions, proposal } from '../testing/messages.ts';
import { ProposalError, type UnpackedProposal, unpackProposal } from './proposal.ts';
import { refuseAtTheDoor, validateProposal } from './proposal-checks.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const WINDOW_MS = 60_000;

let keys: TestKeys;
let creator: Signer;

beforeAll(async () => {
  keys = await testKeys();
  creator = await keys.ingest('hospital');
});

afterAll(() => keys.remove());

function unpacked(options: Partial<ProposalOptions> = {}): UnpackedProposal {
  return unpackProposal(proposal({ creator, ...options }).signed);
}

function atTheDoor(options: Partial<ProposalOptions>, nowMs = NOW_MS): string | undefined {
  return refuseAtTheDoor(unpacked(options), keys.msps, { nowMs, timeWindowMs: WINDOW_MS });
}

async function odd(
  options: Parameters<typeof issueOdd>[2],
  mspId = 'HospitalMSP',
): Promise<Signer> {
  const { certificatePem, privateKeyPem } = await issueOdd(keys.dir, 'hospital', options);
  return new Signer(mspId, certificatePem, privateKeyPem);
}

describe('at an endorser’s door', () => {
  test.each([
    [0, true],
    [59, true],
    [-59, true],
    [60, true],
    [61, false],
    [-61, false],
    [3600, false],
  ])('a proposal dated %d s from now: taken is %s', (seconds, isTaken) => {
    const refusal = atTheDoor({ timeMs: NOW_MS + seconds * 1000 });
    expect(refusal === undefined).toBe(isTaken);
  });

  test('the text of a wrong time is Fabric’s', () => {
    expect(atTheDoor({ timeMs: NOW_MS - 120_000 })).toBe(
      'request unauthorized due to incorrect timestamp 2026-11-22T11:58:00Z, peer time 2026-11-22T12:00:00Z, peer.authentication.timewindow 1m0s',
    );
  });

  test('an expired certificate is refused', async () => {
    const expired = await odd({
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() - 1000),
    });
    const nowMs = Date.now();
    expect(atTheDoor({ creator: expired, timeMs: nowMs }, nowMs)).toBe(
      'proposal client identity expired',
    );
  });
});

describe('a proposal', () => {
  test('of a client is accepted as the client’s', () => {
    const identity = validateProposal(unpacked(), keys.msps);
    expect(identity.satisfies({ mspId: 'HospitalMSP', role: 'client' })).toBe(true);
  });

  test.each([
    ['of another type', { type: common.HeaderType.MESSAGE }, /^invalid header type/],
    ['with an epoch', { epoch: 1 }, 'epoch is non-zero'],
    ['without a nonce', { nonce: new Uint8Array() }, 'nonce is empty'],
    [
      'with another transaction’s id',
      { txId: 'ab'.repeat(32) },
      /^incorrectly computed txid 'abab[ab]*' -- expected '[0-9a-f]{64}'$/,
    ],
  ])('%s is refused', (_what, options, reason) => {
    expect(() => validateProposal(unpacked(options), keys.msps)).toThrow(ProposalError);
    expect(() => validateProposal(unpacked(options), keys.msps)).toThrow(reason);
  });

  test('signed by somebody else is refused, naming no more than the claimed organization', async () => {
    const signer = await keys.ingest('clinic');
    expect(() => validateProposal(unpacked({ signer }), keys.msps)).toThrow(
      'access denied: channel [records] creator org [HospitalMSP]',
    );
  });

  test('of an identity that its MSP does not take is refused in the same words', async () => {
    for (const wrong of [await odd({ unit: 'finance' }), await odd({ authority: 'root' })]) {
      expect(() => validateProposal(unpacked({ creator: wrong }), keys.msps)).toThrow(
        'access denied: channel [records] creator org [HospitalMSP]',
      );
    }
  });

  test('of an identity without a chain to its MSP is refused as unknown', async () => {
    for (const unknown of [await odd({ authority: 'device' }), await odd({}, 'ClinicMSP')]) {
      expect(() => validateProposal(unpacked({ creator: unknown }), keys.msps)).toThrow(
        'access denied: channel [records] creator org unknown, creator is malformed',
      );
    }
  });

  test('that was changed after it was signed is refused', () => {
    const { signed } = proposal({ creator, args: ['put', 'a', '1'] });
    const changed = proposal({ creator, args: ['put', 'a', '2'] });
    const forged = new peer.SignedProposal();
    forged.setProposalBytes(changed.signed.getProposalBytes_asU8());
    forged.setSignature(signed.getSignature_asU8());
    expect(() => validateProposal(unpackProposal(forged), keys.msps)).toThrow('access denied');
  });

  test('that is no proposal cannot be unpacked', () => {
    const garbage = new peer.SignedProposal();
    garbage.setProposalBytes(Buffer.from([0xff]));
    expect(() => unpackProposal(garbage)).toThrow(/^error unmarshalling Proposal/);
    expect(() => unpacked({ chaincode: '' })).toThrow('ChaincodeId.Name is empty');
  });

  test('has a hash without its transient data', () => {
    const nonce = Buffer.alloc(24, 1);
    const plain = unpacked({ nonce, timeMs: NOW_MS });
    const secret = unpacked({ nonce, timeMs: NOW_MS, transient: { value: 'secret' } });
    expect(Buffer.from(secret.hash)).toEqual(Buffer.from(plain.hash));
    expect(secret.proposalBytes.length).toBeGreaterThan(plain.proposalBytes.length);
  });
});
