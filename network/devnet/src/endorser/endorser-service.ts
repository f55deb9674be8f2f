import { type handleUnaryCall, type MethodDefinition, status } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import { readMessage } from '../protos/read.ts';
import type { Endorser } from './endorser.ts';

/** As core.yaml peer.limits.concurrency.endorserService. */
const MAX_CONCURRENT_CALLS = 2_500;
const SERVICE = '/protos.Endorser';

type Method = MethodDefinition<Buffer, peer.ProposalResponse>;

const processProposal: Method = {
  path: `${SERVICE}/ProcessProposal`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (data) => data,
  requestDeserialize: (data) => data,
  responseSerialize: (message) => Buffer.from(message.serializeBinary()),
  responseDeserialize: () => {
    throw new Error('a server does not read responses');
  },
};

/** `protos.Endorser` in gRPC's form: how administrators' tools and older clients reach a peer. */
export const ENDORSER_SERVICE: { readonly processProposal: Method } = { processProposal };

/** A refusal with a gRPC code. */
interface Refused {
  readonly code: status;
  readonly details: string;
}

async function answer(
  endorser: Endorser,
  data: Uint8Array,
): Promise<peer.ProposalResponse | Refused> {
  let signed: peer.SignedProposal;
  try {
    signed = readMessage(data, peer.SignedProposal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { code: status.INTERNAL, details: `grpc: error unmarshalling request: ${reason}` };
  }
  const { response, error } = await endorser.processProposal(signed);
  if (error !== undefined) return { code: status.UNKNOWN, details: error };
  return response ?? new peer.ProposalResponse();
}

/** The handlers of one peer's endorser. */
export function endorserHandlers(endorser: Endorser): {
  readonly processProposal: handleUnaryCall<Buffer, peer.ProposalResponse>;
} {
  let calls = 0;
  return {
    processProposal: (call, callback) => {
      if (calls >= MAX_CONCURRENT_CALLS) {
        const details = `too many requests for ${SERVICE}, exceeding concurrency limit (${MAX_CONCURRENT_CALLS})`;
        callback({ code: status.UNKNOWN, details });
        return;
      }
      calls += 1;
      void answer(endorser, call.request)
        .then(
          (found) => {
            if ('code' in found) callback(found);
            else callback(null, found);
          },
          (error: unknown) => {
            callback({ code: status.UNKNOWN, details: String(error) });
          },
        )
        .finally(() => {
          calls -= 1;
        });
    },
  };
}
