import { createHash } from 'node:crypto';
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signaturePolicyText } from './policy-text.ts';
import { readBlock, transactionIn } from './read-block.ts';
import { readAction, readEnvelope } from './read-envelope.ts';

function identity(mspId: string): Uint8Array {
  const message = new msp.SerializedIdentity();
  message.setMspid(mspId);
  message.setIdBytes(Buffer.from('-----BEGIN CERTIFICATE-----'));
  return message.serializeBinary();
}

function envelope(id: string, type: number = common.HeaderType.CONFIG): Uint8Array {
  const channel = new common.ChannelHeader();
  channel.setTxId(id);
  channel.setType(type);
  const signature = new common.SignatureHeader();
  signature.setCreator(identity('HospitalMSP'));
  const header = new common.Header();
  header.setChannelHeader(channel.serializeBinary());
  header.setSignatureHeader(signature.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  const message = new common.Envelope();
  message.setPayload(payload.serializeBinary());
  return message.serializeBinary();
}

function block(number: number, envelopes: readonly Uint8Array[], codes: number[]): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(number);
  header.setPreviousHash(new Uint8Array(32).fill(7));
  header.setDataHash(createHash('sha256').update(Buffer.concat(envelopes)).digest());
  const data = new common.BlockData();
  data.setDataList([...envelopes]);
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([new Uint8Array(), new Uint8Array(), Uint8Array.from(codes)]);
  const message = new common.Block();
  message.setHeader(header);
  message.setData(data);
  message.setMetadata(metadata);
  return message;
}

describe('a block', () => {
  it('is told with the verdict of each transaction, by Fabric’s names', () => {
    const codes = [peer.TxValidationCode.VALID, peer.TxValidationCode.MVCC_READ_CONFLICT];
    const read = readBlock(block(5, [envelope('a'), envelope('b')], codes).serializeBinary());
    expect(read.line).toMatchObject({
      ...{ number: 5, transactions: 2, valid: 1, isDataIntact: true },
    });
    expect(read.lines.map(({ id, code, type, creator }) => ({ id, code, type, creator }))).toEqual([
      { id: 'a', code: 'VALID', type: 'CONFIG', creator: 'HospitalMSP' },
      { id: 'b', code: 'MVCC_READ_CONFLICT', type: 'CONFIG', creator: 'HospitalMSP' },
    ]);
    expect(transactionIn(read, 'b')).toMatchObject({ block: 5, index: 1, endorsers: [] });
    expect(transactionIn(read, 'c')).toBeUndefined();
  });

  it('whose content is not what its header says is told as not intact', () => {
    const forged = block(5, [envelope('a')], [0]);
    forged.getData()?.setDataList([envelope('z')]);
    expect(readBlock(forged.serializeBinary()).line.isDataIntact).toBe(false);
  });

  it.each([0, 127, 128, 255, 256, 65_536, 2 ** 40])(
    'number %d has the hash of its header as ASN.1',
    (number) => {
      // SEQUENCE { INTEGER, OCTET STRING, OCTET STRING }, written down independently.
      const made = block(number, [], []);
      const digits = number === 0 ? [0] : bigEndian(number);
      const integer = [2, digits.length, ...digits];
      const octets = (bytes: Uint8Array) => [4, bytes.length, ...bytes];
      const header = made.getHeader() ?? new common.BlockHeader();
      const content = [
        ...integer,
        ...octets(header.getPreviousHash_asU8()),
        ...octets(header.getDataHash_asU8()),
      ];
      const der = Buffer.from([0x30, content.length, ...content]);
      const hash = createHash('sha256').update(der).digest('hex');
      expect(readBlock(made.serializeBinary()).line.hash).toBe(hash);
    },
  );
});

/** Shortest two's complement of a positive number. */
function bigEndian(number: number): number[] {
  const digits: number[] = [];
  for (let rest = number; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return (digits[0] ?? 0) < 128 ? digits : [0, ...digits];
}

describe('whatever somebody put into an envelope', () => {
  it('is read without failing', () => {
    const anything = fc.uint8Array({ maxLength: 200 });
    const type = common.HeaderType.ENDORSER_TRANSACTION;
    fc.assert(
      fc.property(anything, anything, (bytes, content) => {
        const payload = new common.Payload();
        const whole = common.Envelope.deserializeBinary(envelope('a', type));
        payload.setHeader(common.Payload.deserializeBinary(whole.getPayload_asU8()).getHeader());
        payload.setData(content);
        whole.setPayload(payload.serializeBinary());
        for (const one of [bytes, whole.serializeBinary()]) {
          const read = readEnvelope(one);
          expect(readAction(read.content).endorsers).toEqual(expect.any(Array));
          expect(read.line.function).toBeNull();
        }
      }),
    );
  });
});

describe('a policy', () => {
  function principal(mspId: string): msp.MSPPrincipal {
    const role = new msp.MSPRole();
    role.setMspIdentifier(mspId);
    role.setRole(msp.MSPRole.MSPRoleType.PEER);
    const message = new msp.MSPPrincipal();
    message.setPrincipal(role.serializeBinary());
    return message;
  }
  function signedBy(index: number): common.SignaturePolicy {
    const rule = new common.SignaturePolicy();
    rule.setSignedBy(index);
    return rule;
  }
  function policy(n: number): common.SignaturePolicyEnvelope {
    const some = new common.SignaturePolicy.NOutOf();
    some.setN(n);
    some.setRulesList([0, 1, 2].map(signedBy));
    const rule = new common.SignaturePolicy();
    rule.setNOutOf(some);
    const envelopeOf = new common.SignaturePolicyEnvelope();
    envelopeOf.setRule(rule);
    envelopeOf.setIdentitiesList(['A', 'B', 'C'].map(principal));
    return envelopeOf;
  }

  it.each([
    [1, "OR('A.peer','B.peer','C.peer')"],
    [2, "OutOf(2,'A.peer','B.peer','C.peer')"],
    [3, "AND('A.peer','B.peer','C.peer')"],
  ])('of %d out of three is %s', (n, text) => {
    expect(signaturePolicyText(policy(n))).toBe(text);
  });

  it('that is nested without end, or none, is cut short', () => {
    let rule = signedBy(0);
    for (let depth = 0; depth < 20; depth += 1) {
      const some = new common.SignaturePolicy.NOutOf();
      some.setN(1);
      some.setRulesList([rule, rule].slice(0, 1));
      rule = new common.SignaturePolicy();
      rule.setNOutOf(some);
    }
    const deep = new common.SignaturePolicyEnvelope();
    deep.setRule(rule);
    expect(signaturePolicyText(deep)).toBe('…');
    expect(signaturePolicyText(undefined)).toBe('…');
  });
});
