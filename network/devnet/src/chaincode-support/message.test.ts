import { peer } from '@hyperledger/fabric-protos';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeMessage, encodeMessage, MessageType, typeName } from './message.ts';

function signedProposal(bytes: Uint8Array): peer.SignedProposal {
  const proposal = new peer.SignedProposal();
  proposal.setProposalBytes(bytes);
  return proposal;
}

describe('a message of the conversation', () => {
  test('is what Fabric’s own class reads, and is read back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(MessageType.RESPONSE, MessageType.ERROR, MessageType.TRANSACTION),
        fc.string(),
        fc.string(),
        fc.uint8Array({ maxLength: 20_000, size: 'max' }),
        fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
        (type, channel, txId, payload, proposalBytes) => {
          const proposal = proposalBytes === undefined ? undefined : signedProposal(proposalBytes);
          const encoded = encodeMessage({ type, channel, txId, payload, proposal });
          const message = peer.ChaincodeMessage.deserializeBinary(new Uint8Array(encoded));
          expect(message.getType()).toBe(type);
          expect(message.getChannelId()).toBe(channel);
          expect(message.getTxid()).toBe(txId);
          expect(Buffer.from(payload).equals(message.getPayload_asU8())).toBe(true);
          if (proposalBytes !== undefined && proposalBytes.length > 0) {
            expect(Buffer.from(message.getProposal()!.getProposalBytes_asU8())).toEqual(
              Buffer.from(proposalBytes),
            );
          }
          const decoded = decodeMessage(encoded);
          expect(decoded).toMatchObject({ type, channel, txId });
          expect(Buffer.from(payload).equals(decoded.payload)).toBe(true);
        },
      ),
    );
  });

  test('has its type named as in Fabric’s texts', () => {
    expect(typeName(MessageType.GET_STATE)).toBe('GET_STATE');
    expect(typeName(MessageType.PURGE_PRIVATE_DATA)).toBe('PURGE_PRIVATE_DATA');
  });
});
