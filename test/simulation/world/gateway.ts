import { createHash } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { type GrpcClient, StatusCode } from '@hyperledger/fabric-gateway';
import { common, gateway, google, peer } from '@hyperledger/fabric-protos';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import { type ContractCall, INGEST, type Simulated, simulate } from './contract.ts';
import { type Envelope, type Ledger, PEERS, type Peer, type PeerName, short } from './ledger.ts';
import { hopMs, type Process } from './machine.ts';
import type { World } from './world.ts';

/** A failure as the peer's Gateway service reports it. */
class GatewayFault extends Error {
  readonly code: number;
  readonly details: readonly { mspId: string; message: string }[];

  constructor(
    code: number,
    message: string,
    details: readonly { mspId: string; message: string }[] = [],
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

type Callback = (error: unknown, answer?: unknown) => void;

/** Contract functions on which one chunk makes the contract fail as a whole. */
export type Poison = (transient: ReadonlyMap<string, Uint8Array>) => boolean;

/** The Gateway service of the hospital's peer, over the simulated ledger. */
export class GatewayService {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #poison: Poison;
  /** Endorsed transactions by the digest of their envelope. */
  readonly #endorsed = new Map<string, Envelope>();

  constructor(world: World, ledger: Ledger, poison: Poison) {
    this.#world = world;
    this.#ledger = ledger;
    this.#poison = poison;
  }

  /** A gRPC client as one process has it. */
  clientOf(process: Process): GrpcClient {
    const client = {
      makeUnaryRequest: (
        path: string,
        _serialize: unknown,
        _deserialize: unknown,
        request: unknown,
        options: { deadline?: Date },
        callback: Callback,
      ) => {
        this.#call(
          process,
          path.slice(path.lastIndexOf('/') + 1),
          request,
          options.deadline,
          callback,
        );
      },
      close: () => undefined,
    };
    return client as unknown as GrpcClient;
  }

  #call(
    process: Process,
    method: string,
    request: unknown,
    deadline: Date | undefined,
    callback: Callback,
  ): void {
    const world = this.#world;
    const { choices } = world;
    const site = `ledger.${method}`;
    process.point(`${site}.call`);
    if (!process.alive) return;
    let isOver = false;
    const answer = (ms: number, label: string, error: unknown, value?: unknown): void => {
      world.after(
        ms,
        label,
        () => {
          if (isOver) return;
          isOver = true;
          process.point(`${site}.answer`);
          if (process.alive) callback(error, value);
        },
        process,
      );
    };
    const leftMs = (deadline?.getTime() ?? Number.POSITIVE_INFINITY) - world.nowMs;
    if (Number.isFinite(leftMs)) {
      const late = new GatewayFault(status.DEADLINE_EXCEEDED, 'context deadline exceeded');
      answer(leftMs, `${site} deadline`, serviceError(late));
    }
    const away = serviceError(new GatewayFault(status.UNAVAILABLE, 'connection dropped'));
    if (choices.fault('unavailable', `${site}.request`)) {
      answer(hopMs(world, site), `${site} lost`, away);
      return;
    }
    if (choices.fault('hang', `${site}.request`)) return;
    const dropped = choices.fault('unavailable', `${site}.answer`);
    const unheard = choices.fault('hang', `${site}.answer`);
    const until = process.onEnd(() => {
      isOver = true;
    });
    world.after(hopMs(world, site), site, () => {
      this.#serve(method, request).then(
        (value) => {
          until();
          if (!unheard)
            answer(hopMs(world, site), `${site} answered`, dropped ? away : null, value);
        },
        (error: unknown) => {
          until();
          if (!unheard)
            answer(hopMs(world, site), `${site} failed`, dropped ? away : serviceError(error));
        },
      );
    });
  }

  async #serve(method: string, request: unknown): Promise<unknown> {
    const { HospitalMSP: own } = this.#ledger.peers;
    if (this.#isDown(own)) throw new GatewayFault(status.UNAVAILABLE, 'connection refused');
    switch (method) {
      case 'Evaluate':
        return this.#evaluate(request as gateway.EvaluateRequest);
      case 'Endorse':
        return this.#endorse(request as gateway.EndorseRequest);
      case 'Submit':
        return this.#submit(request as gateway.SubmitRequest);
      case 'CommitStatus':
        return this.#commitStatus(request as gateway.SignedCommitStatusRequest);
      default:
        throw new GatewayFault(status.UNIMPLEMENTED, method);
    }
  }

  #isDown({ downUntilMs }: Peer): boolean {
    return downUntilMs > this.#world.nowMs;
  }

  async #evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
    const call = callOf(request.getProposedTransaction(), request.getTransactionId());
    const response = new peer.Response();
    try {
      const { result } = await simulate(this.#ledger.peers.HospitalMSP.state, call);
      response.setStatus(200);
      response.setPayload(Buffer.from(result));
    } catch (error) {
      throw new GatewayFault(
        status.UNKNOWN,
        `evaluate call to endorser returned error: chaincode response 500, ${messageOf(error)}`,
      );
    }
    const answer = new gateway.EvaluateResponse();
    answer.setResult(response);
    return answer;
  }

  async #endorse(request: gateway.EndorseRequest): Promise<gateway.EndorseResponse> {
    const call = callOf(request.getProposedTransaction(), request.getTransactionId());
    const simulated: Simulated[] = [];
    const failed: { mspId: string; message: string }[] = [];
    for (const name of PEERS) {
      if (name !== 'HospitalMSP') await this.#pause(`endorse at ${name}`);
      const result = await this.#simulateAt(name, call, simulated[0]);
      if (typeof result === 'string') failed.push({ mspId: name, message: result });
      else simulated.push(result);
    }
    const text =
      'failed to collect enough transaction endorsements, see attached details for more info';
    if (failed.length > 0) throw new GatewayFault(status.ABORTED, text, failed);
    const [first, second] = simulated;
    if (first === undefined || second === undefined || !isSame(first, second)) {
      const message = 'ProposalResponsePayloads do not match (base64): ...';
      throw new GatewayFault(status.ABORTED, text, [{ mspId: 'ClinicMSP', message }]);
    }
    return this.#prepared(request, call, first);
  }

  /** What the peer signs, or its error text. */
  async #simulateAt(
    name: PeerName,
    call: ContractCall,
    other: Simulated | undefined,
  ): Promise<Simulated | string> {
    const at = this.#ledger.peers[name];
    if (this.#isDown(at)) return 'rpc error: code = Unavailable desc = connection refused';
    if (this.#poison(call.transient))
      return 'chaincode response 500, internal: The contract failed.';
    // The contract is a function of what it reads: where that is the same, so is the result.
    if (other !== undefined && at.hasSame(other.reads)) return other;
    try {
      return await simulate(at.state, call);
    } catch (error) {
      return `chaincode response 500, ${messageOf(error)}`;
    }
  }

  #prepared(
    request: gateway.EndorseRequest,
    call: ContractCall,
    simulated: Simulated,
  ): gateway.EndorseResponse {
    const envelope = prepare(request, Buffer.from(simulated.result), this.#endorsed.size);
    const { transactionId } = call;
    this.#endorsed.set(digestOf(envelope), { transactionId, simulated });
    const answer = new gateway.EndorseResponse();
    answer.setPreparedTransaction(envelope);
    return answer;
  }

  async #submit(request: gateway.SubmitRequest): Promise<gateway.SubmitResponse> {
    await this.#pause('submit to orderer');
    const envelope = request.getPreparedTransaction();
    const endorsed = envelope === undefined ? undefined : this.#endorsed.get(digestOf(envelope));
    if (endorsed === undefined)
      throw new GatewayFault(status.INVALID_ARGUMENT, 'no such transaction');
    if (this.#ledger.noQuorumUntilMs > this.#world.nowMs) {
      const message =
        'received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE, info=no Raft leader';
      const text = 'no orderers could successfully process transaction';
      throw new GatewayFault(status.UNAVAILABLE, text, [{ mspId: 'HospitalMSP', message }]);
    }
    this.#world.note('ledger', `orders ${short(endorsed.transactionId)}`);
    this.#ledger.order(endorsed);
    return new gateway.SubmitResponse();
  }

  /** The peer holds the question until the transaction commits; the caller's deadline ends it. */
  async #commitStatus(
    request: gateway.SignedCommitStatusRequest,
  ): Promise<gateway.CommitStatusResponse> {
    const asked = gateway.CommitStatusRequest.deserializeBinary(request.getRequest_asU8());
    const { HospitalMSP: own } = this.#ledger.peers;
    const id = asked.getTransactionId();
    if (!own.verdicts.has(id)) {
      const waiting = own.waiting.get(id) ?? new Set();
      own.waiting.set(id, waiting);
      const { promise, resolve } = Promise.withResolvers<undefined>();
      waiting.add(() => {
        resolve(undefined);
      });
      await promise;
    }
    const verdict = own.verdicts.get(id);
    const answer = new gateway.CommitStatusResponse();
    const code = Object.values(StatusCode).find((known) => known === verdict?.code);
    if (code !== undefined) answer.setResult(code);
    answer.setBlockNumber(verdict?.block ?? 0);
    return answer;
  }

  #pause(label: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#world.after(hopMs(this.#world, label), label, () => {
      resolve(undefined);
    });
    return promise;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isSame(a: Simulated, b: Simulated): boolean {
  return (
    a.result === b.result &&
    isSameMap(a.reads, b.reads, (one, other) => one === other) &&
    isSameMap(a.writes, b.writes, (one, other) => Buffer.compare(one, other) === 0)
  );
}

function isSameMap<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  isSameValue: (one: T, other: T) => boolean,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (!b.has(key) || !isSameValue(value, other as T)) return false;
  }
  return true;
}

function digestOf(envelope: common.Envelope): string {
  return createHash('sha1').update(envelope.getPayload_asU8()).digest('base64');
}

function serviceError(error: unknown): unknown {
  const fault =
    error instanceof GatewayFault ? error : new GatewayFault(status.INTERNAL, messageOf(error));
  const metadata = new Metadata();
  if (fault.details.length > 0) {
    const rich = new google.rpc.Status();
    rich.setCode(fault.code);
    rich.setMessage(fault.message);
    rich.setDetailsList(
      fault.details.map(({ mspId, message }) => {
        const detail = new gateway.ErrorDetail();
        detail.setMspId(mspId);
        detail.setMessage(message);
        const any = new Any();
        any.setTypeUrl('type.googleapis.com/gateway.ErrorDetail');
        any.setValue(detail.serializeBinary());
        return any;
      }),
    );
    metadata.set('grpc-status-details-bin', Buffer.from(rich.serializeBinary()));
  }
  return Object.assign(new Error(`${fault.code}: ${fault.message}`), {
    code: fault.code,
    details: fault.message,
    metadata,
  });
}

function callOf(signed: peer.SignedProposal | undefined, transactionId: string): ContractCall {
  if (signed === undefined) throw new GatewayFault(status.INVALID_ARGUMENT, 'no proposal');
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const spec = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
  const [name = new Uint8Array()] = spec.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? [];
  const transient = new Map<string, Uint8Array>();
  payload.getTransientmapMap().forEach((value, key) => {
    if (value instanceof Uint8Array) transient.set(key, value);
  });
  const at = channel.getTimestamp()?.toDate().getTime() ?? 0;
  return {
    name: Buffer.from(name).toString(),
    transactionId,
    identity: INGEST,
    atMs: at,
    transient,
  };
}

/** The envelope that a peer's gateway assembles; `number` stands for what was read and written. */
function prepare(
  request: gateway.EndorseRequest,
  result: Uint8Array,
  number: number,
): common.Envelope {
  const proposalBytes =
    request.getProposedTransaction()?.getProposalBytes_asU8() ?? new Uint8Array();
  const proposal = peer.Proposal.deserializeBinary(proposalBytes);
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(result);
  const action = new peer.ChaincodeAction();
  action.setResponse(response);
  action.setResults(Buffer.from(String(number)));
  const responsePayload = new peer.ProposalResponsePayload();
  responsePayload.setExtension$(action.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayload.serializeBinary());
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setAction(endorsed);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.addActions(transactionAction);
  const payload = new common.Payload();
  payload.setHeader(common.Header.deserializeBinary(proposal.getHeader_asU8()));
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}
