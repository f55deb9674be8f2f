import { createPrivateKey } from 'node:crypto';
import { Client, credentials, type Metadata, status } from '@grpc/grpc-js';
import {
  type Commit,
  CommitError,
  type Contract,
  connect,
  type Gateway,
  GatewayError,
  hash,
  type Network,
  type Proposal,
  type ProposalOptions,
  type Status,
  signers,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { gateway as gatewayProtos, google, msp, peer } from '@hyperledger/fabric-protos';
import type { CertifiedKey } from '../../network/identity/src/certificate.ts';
import type { Step } from './chaincode/operations.ts';
import type { Profile } from './start-network.ts';

/** A transaction that is asked for: a script for the probe chaincode, or arguments as they are. */
export interface Request {
  readonly script?: readonly Step[];
  readonly call?: readonly (string | Uint8Array)[];
  readonly chaincode?: string;
  readonly channel?: string;
  /** Organizations by name that must endorse, or that may evaluate. */
  readonly by?: readonly string[];
  readonly transient?: Readonly<Record<string, string>>;
}

/** What a call was answered, as a row tells it. */
export type Outcome =
  | { readonly result: unknown }
  | {
      readonly error: string;
      readonly code: string;
      readonly message: string;
      readonly details?: readonly { mspId: string; address: string; message: string }[];
    };

export const CHANNEL = 'records';
export const CHAINCODE = 'probe';
/** A network that does not answer is reported, and does not stop the table. */
const DEADLINE_MS = 60_000;

const CODES: ReadonlyMap<number, string> = new Map(
  Object.entries(peer.TxValidationCode).map(([name, code]) => [code, name]),
);

/** Fabric's name of a validation code. */
export function codeName(code: number): string {
  return CODES.get(code) ?? String(code);
}

export function mspId(organization: string): string {
  return `${organization.charAt(0).toUpperCase()}${organization.slice(1)}MSP`;
}

function resultOf(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

type Detail = { readonly mspId: string; readonly address: string; readonly message: string };

const DISAGREEMENT = 'ProposalResponsePayloads do not match';

function sorted(details: readonly Detail[]): Detail[] {
  // Endorsers are asked at the same time; whoever answers later is the one that does not agree.
  return details
    .map(({ mspId: id, address, message }) =>
      message === DISAGREEMENT
        ? { mspId: '<the later one>', address: '<the later one>', message }
        : { mspId: id, address, message },
    )
    .sort((a, b) => (`${a.mspId} ${a.message}` < `${b.mspId} ${b.message}` ? -1 : 1));
}

/** How a row tells an error: kind, code, text, and which node it came from. */
export function failure(error: unknown): Outcome {
  if (error instanceof CommitError) {
    return { error: 'CommitError', code: codeName(error.code), message: error.message };
  }
  if (error instanceof GatewayError) {
    const details = sorted(error.details);
    const code = status[error.code] ?? String(error.code);
    const { name, cause } = error;
    const message = (cause as { details?: string }).details ?? error.message;
    return { error: name, code, message, ...(details.length > 0 ? { details } : {}) };
  }
  throw error;
}

export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (error) {
    return failure(error);
  }
}

function detailsOf(metadata: Metadata): Detail[] {
  const [value] = metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(value)) return [];
  return google.rpc.Status.deserializeBinary(new Uint8Array(value))
    .getDetailsList()
    .map((any) => gatewayProtos.ErrorDetail.deserializeBinary(any.getValue_asU8()).toObject())
    .map(({ mspId: id, address, message }) => ({ mspId: id, address, message }));
}

/** Who notices first that a deadline has passed, client or server, is chance, and so are code and text. */
export function passedDeadline(outcome: Outcome): Outcome {
  if ('result' in outcome) return outcome;
  const isDeadline = ['DEADLINE_EXCEEDED', 'CANCELLED'].includes(outcome.code);
  return isDeadline ? { ...outcome, code: '<deadline>', message: '<deadline>' } : outcome;
}

/** Somebody with an identity, connected to one organization's gateway. */
export class Person {
  readonly identity: CertifiedKey;
  readonly mspId: string;
  readonly gateway: Gateway;
  readonly #grpc: Client;
  readonly #onTransaction: (id: string) => void;

  constructor(options: {
    readonly profile: Profile;
    readonly at: string;
    readonly identity: CertifiedKey;
    readonly mspId: string;
    readonly signingKey?: string | undefined;
    readonly onTransaction: (id: string) => void;
  }) {
    const place = options.profile.organizations[options.at];
    if (place === undefined) throw new RangeError(options.at);
    this.identity = options.identity;
    this.mspId = options.mspId;
    this.#onTransaction = options.onTransaction;
    this.#grpc = new Client(
      place.endpoint,
      credentials.createSsl(Buffer.from(place.tlsRootCertificatePem)),
      {
        'grpc.ssl_target_name_override': place.serverName,
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
      },
    );
    const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });
    this.gateway = connect({
      client: this.#grpc,
      identity: {
        mspId: options.mspId,
        credentials: Buffer.from(options.identity.certificatePem),
      },
      signer: signers.newPrivateKeySigner(
        createPrivateKey(options.signingKey ?? options.identity.privateKeyPem),
      ),
      hash: hash.sha256,
      evaluateOptions: deadline,
      endorseOptions: deadline,
      submitOptions: deadline,
      commitStatusOptions: deadline,
    });
  }

  network(channel: string = CHANNEL): Network {
    return this.gateway.getNetwork(channel);
  }

  contract(request: Request): Contract {
    return this.network(request.channel).getContract(request.chaincode ?? CHAINCODE);
  }

  proposal(request: Request): Proposal {
    const [name = 'run', ...args] = request.call ?? ['run', JSON.stringify(request.script ?? [])];
    const options: ProposalOptions = {
      arguments: args,
      ...(request.by === undefined ? {} : { endorsingOrganizations: request.by.map(mspId) }),
      ...(request.transient === undefined ? {} : { transientData: { ...request.transient } }),
    };
    const proposal = this.contract(request).newProposal(String(name), options);
    this.#onTransaction(proposal.getTransactionId());
    return proposal;
  }

  async evaluate(request: Request): Promise<Outcome> {
    return outcomeOf(async () => resultOf(await this.proposal(request).evaluate()));
  }

  async endorse(request: Request): Promise<Transaction> {
    return this.proposal(request).endorse();
  }

  /** Submits and waits for the commit: the result, or how it failed. */
  async submit(
    request: Request,
    onCommit: (id: string) => Promise<unknown> = (): Promise<void> => Promise.resolve(),
  ): Promise<Outcome> {
    return outcomeOf(async () => {
      const transaction = await this.endorse(request);
      const commit = await transaction.submit();
      const found = await commit.getStatus();
      await onCommit(commit.getTransactionId());
      if (!found.successful) return { invalid: codeName(found.code) };
      return resultOf(transaction.getResult());
    });
  }

  async status(transaction: Transaction): Promise<Status> {
    return (await transaction.submit()).getStatus();
  }

  /** The status of anybody's transaction, asked by this person. */
  commitOf(transactionId: string, channel: string = CHANNEL): Commit {
    const identity = new msp.SerializedIdentity();
    identity.setMspid(this.mspId);
    identity.setIdBytes(Buffer.from(this.identity.certificatePem));
    const request = new gatewayProtos.CommitStatusRequest();
    request.setTransactionId(transactionId);
    request.setChannelId(channel);
    request.setIdentity(identity.serializeBinary());
    const signed = new gatewayProtos.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    return this.gateway.newCommit(signed.serializeBinary());
  }

  /** A call with bytes as they are, answered by bytes. */
  async raw(method: string, request: Uint8Array): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#grpc.makeUnaryRequest(
        method,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        request,
        { deadline: Date.now() + DEADLINE_MS },
        (error, answer) => {
          if (error === null) {
            resolve({ result: Buffer.from(answer ?? []).toString('hex') });
            return;
          }
          const details = sorted(detailsOf(error.metadata));
          resolve({
            error: 'gRPC',
            code: status[error.code],
            message: error.details,
            ...(details.length > 0 ? { details } : {}),
          });
        },
      );
    });
  }

  get grpc(): Client {
    return this.#grpc;
  }

  close(): void {
    this.gateway.close();
    this.#grpc.close();
  }
}
