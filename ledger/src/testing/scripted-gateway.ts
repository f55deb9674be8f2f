import { createHash, verify, X509Certificate } from 'node:crypto';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type GrpcClient, StatusCode } from '@hyperledger/fabric-gateway';
import { common, gateway, google, msp, peer } from '@hyperledger/fabric-protos';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import type { ValidationCode } from '../retry.ts';

/** A failure as the peer's Gateway service reports it. */
export interface ScriptedFault {
  readonly code: status;
  readonly message: string;
  /** What each endorser said. */
  readonly details?: readonly { readonly mspId: string; readonly message: string }[];
}

/** What happens to one submit: `lost` never reaches the orderer, `unheard` does but the answer is lost. */
export type ScriptedSubmit = 'ordered' | 'lost' | 'unheard' | ScriptedFault;

type Handler<Q, A> = (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>) => void;

/** What one proposal carried. */
export interface SeenProposal {
  readonly transactionId: string;
  readonly name: string;
  readonly transient: ReadonlyMap<string, string>;
  readonly organizations: readonly string[];
}

/**
 * A peer's Gateway service over real gRPC, with real messages and checked signatures, and a ledger of verdicts instead
 * of a network. Each list is a script, taken from the front; when it is empty everything goes well.
 */
export class ScriptedGateway {
  readonly evaluate: ScriptedFault[] = [];
  readonly endorse: ScriptedFault[] = [];
  readonly submit: ScriptedSubmit[] = [];
  readonly commitStatus: ScriptedFault[] = [];
  /** Verdicts for transactions as they are ordered. */
  readonly verdicts: number[] = [];
  /** What the contract returns. */
  result: Uint8Array = Buffer.from('{"status":"changed"}');
  /** What it returns to an evaluation instead, by the proposal, or how it fails; as usual when undefined. */
  evaluating: (proposal: SeenProposal) => object | ScriptedFault | undefined = () => undefined;

  readonly calls: string[] = [];
  readonly evaluated: SeenProposal[] = [];
  readonly endorsed: SeenProposal[] = [];
  readonly submitted: string[] = [];
  readonly ledger: Map<string, number> = new Map<string, number>();
  inFlight = 0;
  mostInFlight = 0;
  /** By method, the most calls of it that were under way at the same time. */
  readonly mostAtOnce: Map<string, number> = new Map<string, number>();
  #server: Server = new Server();
  #port = 0;

  async start(): Promise<void> {
    this.#server.addService(gateway.GatewayService, {
      evaluate: this.#unary('evaluate', (request: gateway.EvaluateRequest) => {
        const seen = readProposal(request);
        this.evaluated.push(seen);
        const given = this.evaluating(seen);
        const fault = isFault(given) ? given : this.evaluate.shift();
        const response = new peer.Response();
        response.setPayload(given === undefined ? this.result : Buffer.from(JSON.stringify(given)));
        const answer = new gateway.EvaluateResponse();
        answer.setResult(response);
        return fault ?? answer;
      }),
      endorse: this.#unary('endorse', (request: gateway.EndorseRequest) => {
        const seen = readProposal(request);
        this.endorsed.push(seen);
        const fault = this.endorse.shift();
        const answer = new gateway.EndorseResponse();
        answer.setPreparedTransaction(prepare(request, this.result));
        return fault ?? answer;
      }),
      submit: this.#unary('submit', (request: gateway.SubmitRequest) => this.#submit(request)),
      commitStatus: this.#unary('commitStatus', (request: gateway.SignedCommitStatusRequest) =>
        this.#status(request),
      ),
      chaincodeEvents: () => undefined,
    });
    await this.listen(0);
  }

  /** Listens on a loopback port; 0 = any free one. */
  async listen(port: number): Promise<void> {
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(
        `127.0.0.1:${port}`,
        ServerCredentials.createInsecure(),
        (error, bound) => {
          if (error === null) resolve(bound);
          else reject(error);
        },
      );
    });
  }

  newClient(): GrpcClient {
    return new Client(`127.0.0.1:${this.#port}`, credentials.createInsecure());
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** Transactions that are valid on the ledger. */
  valid(): string[] {
    return [...this.ledger]
      .filter(([, code]) => code === 0)
      .map(([transactionId]) => transactionId);
  }

  #unary<Q, A>(name: string, handle: (request: Q) => A | ScriptedFault): Handler<Q, A> {
    let ofThisMethod = 0;
    return (call, callback) => {
      ofThisMethod += 1;
      this.mostAtOnce.set(name, Math.max(ofThisMethod, this.mostAtOnce.get(name) ?? 0));
      this.calls.push(name);
      this.inFlight += 1;
      this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
      let answer: A | ScriptedFault;
      try {
        answer = handle(call.request);
      } catch (error) {
        answer = { code: status.INVALID_ARGUMENT, message: String(error) };
      }
      const finished = answer;
      setTimeout(() => {
        this.inFlight -= 1;
        ofThisMethod -= 1;
        if (isFault(finished)) callback(serviceError(finished), null);
        else callback(null, finished);
      }, 2);
    };
  }

  #submit(request: gateway.SubmitRequest): gateway.SubmitResponse | ScriptedFault {
    const envelope = needed(request.getPreparedTransaction());
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = common.SignatureHeader.deserializeBinary(
      needed(payload.getHeader()).getSignatureHeader_asU8(),
    );
    const creator = header.getCreator_asU8();
    checkSignature(creator, envelope.getPayload_asU8(), envelope.getSignature_asU8());
    this.submitted.push(request.getTransactionId());
    const script = this.submit.shift() ?? 'ordered';
    if (script === 'ordered' || script === 'unheard') {
      this.#order(request.getTransactionId());
    }
    if (script === 'ordered') return new gateway.SubmitResponse();
    return script === 'lost' || script === 'unheard'
      ? { code: status.UNAVAILABLE, message: 'no orderers could successfully process transaction' }
      : script;
  }

  #order(transactionId: string): void {
    // Peers mark a second copy DUPLICATE_TXID and keep the first verdict.
    if (!this.ledger.has(transactionId)) {
      this.ledger.set(transactionId, this.verdicts.shift() ?? 0);
    }
  }

  #status(
    request: gateway.SignedCommitStatusRequest,
  ): gateway.CommitStatusResponse | ScriptedFault {
    const asked = gateway.CommitStatusRequest.deserializeBinary(request.getRequest_asU8());
    checkSignature(
      asked.getIdentity_asU8(),
      request.getRequest_asU8(),
      request.getSignature_asU8(),
    );
    const fault = this.commitStatus.shift();
    if (fault !== undefined) return fault;
    const code = this.ledger.get(asked.getTransactionId());
    if (code === undefined) {
      // A peer holds the call until its deadline; the time is left out here.
      return { code: status.DEADLINE_EXCEEDED, message: 'context deadline exceeded' };
    }
    const answer = new gateway.CommitStatusResponse();
    answer.setResult(validationCode(code));
    answer.setBlockNumber(7);
    return answer;
  }
}

function validationCode(code: number): ValidationCode {
  return needed(Object.values(StatusCode).find((known) => known === code));
}

function isFault(answer: unknown): answer is ScriptedFault {
  return answer instanceof Object && 'code' in answer && 'message' in answer;
}

function serviceError(fault: ScriptedFault): Parameters<sendUnaryData<unknown>>[0] {
  const metadata = new Metadata();
  if (fault.details !== undefined) {
    const rich = new google.rpc.Status();
    rich.setCode(fault.code);
    rich.setMessage(fault.message);
    rich.setDetailsList(
      fault.details.map(({ mspId, message }) => {
        const detail = new gateway.ErrorDetail();
        detail.setMspId(mspId);
        detail.setMessage(message);
        detail.setAddress('127.0.0.1:7051');
        const any = new Any();
        any.setTypeUrl('type.googleapis.com/gateway.ErrorDetail');
        any.setValue(detail.serializeBinary());
        return any;
      }),
    );
    metadata.set('grpc-status-details-bin', Buffer.from(rich.serializeBinary()));
  }
  return { code: fault.code, details: fault.message, metadata };
}

/** Reads and checks what an endorser checks: signature, transaction ID. */
function readProposal(request: {
  getTransactionId(): string;
  getProposedTransaction(): peer.SignedProposal | undefined;
  getEndorsingOrganizationsList?(): string[];
  getTargetOrganizationsList?(): string[];
}): SeenProposal {
  const signed = needed(request.getProposedTransaction());
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const signatureHeader = common.SignatureHeader.deserializeBinary(
    header.getSignatureHeader_asU8(),
  );
  const creator = signatureHeader.getCreator_asU8();
  checkSignature(creator, signed.getProposalBytes_asU8(), signed.getSignature_asU8());
  const transactionId = createHash('sha256')
    .update(signatureHeader.getNonce_asU8())
    .update(creator)
    .digest('hex');
  if (transactionId !== request.getTransactionId()) throw new Error('wrong transaction ID');
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const spec = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
  const args = needed(spec.getChaincodeSpec()?.getInput()).getArgsList_asU8();
  if (args.length !== 1) throw new Error('arguments are public');
  const transient = new Map<string, string>();
  payload.getTransientmapMap().forEach((value, key) => {
    transient.set(key, Buffer.from(typeof value === 'string' ? '' : value).toString());
  });
  return {
    transactionId,
    name: Buffer.from(needed(args[0])).toString(),
    transient,
    organizations:
      request.getEndorsingOrganizationsList?.() ?? request.getTargetOrganizationsList?.() ?? [],
  };
}

/** The envelope a peer's gateway assembles: header of the proposal, result of the contract. */
function prepare(request: gateway.EndorseRequest, result: Uint8Array): common.Envelope {
  const signed = needed(request.getProposedTransaction());
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(result);
  const action = new peer.ChaincodeAction();
  action.setResponse(response);
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

const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/** As Fabric's bccsp: ECDSA over SHA-256 with the certificate's key, s in the lower half. */
function checkSignature(creator: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  const identity = msp.SerializedIdentity.deserializeBinary(creator);
  const { publicKey } = new X509Certificate(Buffer.from(identity.getIdBytes_asU8()));
  if (!verify('sha256', message, publicKey, signature)) throw new Error('bad signature');
  const der = Buffer.from(signature);
  const s = der.subarray(4 + needed(der[3]) + 2);
  if (BigInt(`0x${s.toString('hex')}`) > HALF_ORDER) throw new Error('high s');
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('missing');
  return value;
}
