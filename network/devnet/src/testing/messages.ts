import { randomBytes } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { proposalHash, transactionId } from '../endorser/proposal.ts';
import type { Signer } from '../msp/signer.ts';

/** A proposal as a test wants it; what is not said is as an honest client has it. */
export interface ProposalOptions {
  readonly creator: Signer;
  readonly channel?: string;
  readonly chaincode?: string;
  readonly args?: readonly (string | Uint8Array)[];
  readonly transient?: Readonly<Record<string, string>>;
  readonly timeMs?: number;
  readonly txId?: string;
  readonly nonce?: Uint8Array;
  readonly epoch?: number;
  readonly type?: number;
  readonly isInit?: boolean;
  /** Who really signs. */
  readonly signer?: Signer;
}

export interface TestProposal {
  readonly signed: peer.SignedProposal;
  readonly txId: string;
  readonly creator: Signer;
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  /** ChaincodeProposalPayload without transient data. */
  readonly payload: Uint8Array;
}

function chaincodeId(name: string, version = ''): peer.ChaincodeID {
  const id = new peer.ChaincodeID();
  id.setName(name);
  id.setVersion(version);
  return id;
}

/** ChannelHeader.timestamp as protobuf bytes: the message's class cannot be imported both by Node and by jest. */
function timestampField(seconds: number): Uint8Array {
  const varint: number[] = [];
  for (let rest = seconds; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      varint.push(rest);
      break;
    }
    varint.push((rest % 128) | 0x80);
  }
  return Uint8Array.from([(3 << 3) | 2, varint.length + 1, 1 << 3, ...varint]);
}

function channelHeader(options: ProposalOptions, txId: string): Uint8Array {
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(chaincodeId(options.chaincode ?? 'pulse'));
  const header = new common.ChannelHeader();
  header.setType(options.type ?? common.HeaderType.ENDORSER_TRANSACTION);
  header.setChannelId(options.channel ?? 'records');
  header.setTxId(txId);
  header.setEpoch(options.epoch ?? 0);
  header.setExtension$(extension.serializeBinary());
  const time = timestampField(Math.floor((options.timeMs ?? Date.now()) / 1000));
  return new Uint8Array(Buffer.concat([header.serializeBinary(), time]));
}

function invocation(options: ProposalOptions): Uint8Array {
  const input = new peer.ChaincodeInput();
  input.setArgsList((options.args ?? ['get', 'a']).map((arg) => Buffer.from(arg)));
  input.setIsInit(options.isInit ?? false);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(chaincodeId(options.chaincode ?? 'pulse'));
  spec.setInput(input);
  const message = new peer.ChaincodeInvocationSpec();
  message.setChaincodeSpec(spec);
  return message.serializeBinary();
}

/** A signed proposal. */
export function proposal(options: ProposalOptions): TestProposal {
  const { creator } = options;
  const nonce = options.nonce ?? new Uint8Array(randomBytes(24));
  const txId = options.txId ?? transactionId(nonce, creator.serialized);
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator.serialized);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader(options, txId));
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation(options));
  const clean = payload.serializeBinary();
  for (const [name, value] of Object.entries(options.transient ?? {})) {
    payload.getTransientmapMap().set(name, Buffer.from(value));
  }
  const message = new peer.Proposal();
  message.setHeader(header.serializeBinary());
  message.setPayload(payload.serializeBinary());
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(message.serializeBinary());
  signed.setSignature((options.signer ?? creator).sign(signed.getProposalBytes_asU8()));
  return {
    signed,
    txId,
    creator,
    channelHeader: header.getChannelHeader_asU8(),
    signatureHeader: header.getSignatureHeader_asU8(),
    payload: clean,
  };
}

export interface TransactionOptions {
  readonly endorsers: readonly Signer[];
  /** Bytes of TxReadWriteSet. */
  readonly results: Uint8Array;
  readonly chaincode?: string;
  readonly version?: string;
  readonly event?: peer.ChaincodeEvent;
  /** Changes the parts before they are put together and signed by the creator. */
  readonly change?: {
    readonly proposalHash?: Uint8Array;
    readonly endorsement?: (endorsement: peer.Endorsement) => void;
    readonly actions?: (actions: peer.TransactionAction[]) => peer.TransactionAction[];
    readonly envelope?: (envelope: common.Envelope) => void;
  };
}

function responsePayload(from: TestProposal, options: TransactionOptions): Uint8Array {
  const action = new peer.ChaincodeAction();
  action.setResults(options.results);
  if (options.event !== undefined) action.setEvents(options.event.serializeBinary());
  action.setChaincodeId(chaincodeId(options.chaincode ?? 'pulse', options.version ?? '1.0'));
  const response = new peer.Response();
  response.setStatus(200);
  action.setResponse(response);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(
    options.change?.proposalHash ??
      proposalHash(from.channelHeader, from.signatureHeader, from.payload),
  );
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

/** The transaction of a proposal as the creator signs it: the envelope's bytes. */
export function transaction(from: TestProposal, options: TransactionOptions): Uint8Array {
  const payload = responsePayload(from, options);
  const endorsedAction = new peer.ChaincodeEndorsedAction();
  endorsedAction.setProposalResponsePayload(payload);
  endorsedAction.setEndorsementsList(
    options.endorsers.map((endorser) => {
      const endorsement = new peer.Endorsement();
      endorsement.setEndorser(endorser.serialized);
      endorsement.setSignature(endorser.sign(Buffer.concat([payload, endorser.serialized])));
      options.change?.endorsement?.(endorsement);
      return endorsement;
    }),
  );
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(from.payload);
  actionPayload.setAction(endorsedAction);
  const action = new peer.TransactionAction();
  action.setHeader(from.signatureHeader);
  action.setPayload(actionPayload.serializeBinary());
  const message = new peer.Transaction();
  message.setActionsList(options.change?.actions?.([action]) ?? [action]);
  const header = new common.Header();
  header.setChannelHeader(from.channelHeader);
  header.setSignatureHeader(from.signatureHeader);
  const envelopePayload = new common.Payload();
  envelopePayload.setHeader(header);
  envelopePayload.setData(message.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(envelopePayload.serializeBinary());
  envelope.setSignature(from.creator.sign(envelope.getPayload_asU8()));
  options.change?.envelope?.(envelope);
  return envelope.serializeBinary();
}
