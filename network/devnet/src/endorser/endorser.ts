import { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeSupport, Execution } from '../chaincode-support/chaincode-support.ts';
import type { Channel, Channels } from '../channel/channel.ts';
import { type Invocation, proposedInvocation } from '../control/invocation.ts';
import type { SimulationResult } from '../ledger/types.ts';
import type { Identity } from '../msp/identity.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import type { Signer } from '../msp/signer.ts';
import { type ChaincodeCall, chaincodeInterest } from './interest.ts';
import { ProposalError, type UnpackedProposal, unpackProposal } from './proposal.ts';
import { refuseAtTheDoor, validateProposal } from './proposal-checks.ts';

/** Responses from here on are failures that are not endorsed (shim.ERRORTHRESHOLD). */
const ERROR_THRESHOLD = 400;
/** Responses from here on are the contract's own failure (shim.ERROR). */
const ERROR = 500;
const ENDORSEMENT_VERSION = 1;
/** Version of the chaincodes that are a part of the peer (core/scc). */
const SYSTEM_VERSION = 'syscc';
const WRITERS = '/Channel/Application/Writers';

export interface EndorserOptions {
  /** The peer's own identity. */
  readonly signer: Signer;
  /** The peer's channels. */
  readonly channels: Channels;
  /** The MSP of the peer's organization alone, for proposals on no channel. */
  readonly local: MspManager;
  readonly chaincodes: ChaincodeSupport;
  /** How far a proposal's time may be from the peer's, either way. */
  readonly timeWindowMs: number;
  readonly now: () => number;
  readonly development?: EndorserDevelopment | undefined;
}

/** What developers do to simulations. */
export interface EndorserDevelopment {
  /** Holds simulations back while the ledger goes back to a snapshot. */
  readonly gate: { run<T>(work: () => Promise<T>): Promise<T> };
  readonly faults: {
    beforeSimulation(read: () => Invocation): Promise<void>;
    mismatches(read: () => Invocation, endorserMspId: string): boolean;
  };
}

/** What became of a proposal. `error` beside a response is one that gRPC carries (core/endorser ProcessProposal). */
export interface ProposalOutcome {
  /** Refused before it was looked at: there is no response at all. */
  readonly response: peer.ProposalResponse | undefined;
  readonly error: string | undefined;
  /** Empty when the chaincode was not run to its end. */
  readonly interest: readonly ChaincodeCall[];
}

function responseOf(status: number, message: string): peer.ProposalResponse {
  const response = new peer.Response();
  response.setStatus(status);
  response.setMessage(message);
  const proposalResponse = new peer.ProposalResponse();
  proposalResponse.setResponse(response);
  return proposalResponse;
}

function refused(error: string): ProposalOutcome {
  return { response: responseOf(ERROR, error), error, interest: [] };
}

function failed(message: string): ProposalOutcome {
  return { response: responseOf(ERROR, message), error: undefined, interest: [] };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function interestOf(result: SimulationResult): readonly ChaincodeCall[] {
  try {
    return chaincodeInterest(result);
  } catch (error) {
    throw new Error(`error in simulation: ${textOf(error)}`, { cause: error });
  }
}

interface Simulation {
  readonly execution: Execution;
  /** undefined on no channel: there is nothing to read or write. */
  readonly result: SimulationResult | undefined;
}

/** A proposal that may be simulated. */
interface Checked {
  readonly proposal: UnpackedProposal;
  /** undefined when it is for none. */
  readonly channel: Channel | undefined;
  readonly creator: Identity;
}

/** Completes the response to a proposal that succeeded. */
type Conclude = (response: peer.ProposalResponse, payload: Uint8Array) => void;

/** A peer's endorser: checks proposals, simulates them and signs what came out (core/endorser/endorser.go). */
export class Endorser {
  readonly #options: EndorserOptions;

  constructor(options: EndorserOptions) {
    this.#options = options;
  }

  get mspId(): string {
    return this.#options.signer.mspId;
  }

  /** Never throws for what a client can do wrong: every failure is an outcome. */
  async processProposal(signed: peer.SignedProposal): Promise<ProposalOutcome> {
    return this.#gated(signed, (response, payload) => {
      this.#endorse(response, payload);
    });
  }

  /** As {@link processProposal}, for a gateway that hands on the result alone: nobody would see the signature. */
  async evaluateProposal(signed: peer.SignedProposal): Promise<ProposalOutcome> {
    return this.#gated(signed, (response, payload) => {
      response.setPayload(payload);
    });
  }

  async #gated(signed: peer.SignedProposal, conclude: Conclude): Promise<ProposalOutcome> {
    const gate = this.#options.development?.gate;
    const process = (): Promise<ProposalOutcome> => this.#process(signed, conclude);
    return gate === undefined ? process() : gate.run(process);
  }

  async #process(signed: peer.SignedProposal, conclude: Conclude): Promise<ProposalOutcome> {
    const checked = this.#check(signed);
    if ('interest' in checked) return checked;
    try {
      return await this.#answer(checked, conclude);
    } catch (error) {
      return failed(textOf(error));
    }
  }

  #check(signed: peer.SignedProposal): Checked | ProposalOutcome {
    const { channels, local, timeWindowMs, now } = this.#options;
    try {
      const proposal = unpackProposal(signed);
      const channel = channels.get(proposal.channel);
      const msps = channel?.msps ?? local;
      const atTheDoor = refuseAtTheDoor(proposal, msps, { nowMs: now(), timeWindowMs });
      if (atTheDoor !== undefined) {
        return { response: undefined, error: atTheDoor, interest: [] };
      }
      if (channel === undefined && proposal.channel !== '') {
        return failed(`channel '${proposal.channel}' not found`);
      }
      return { proposal, channel, creator: this.#preProcess(proposal, channel) };
    } catch (error) {
      if (error instanceof ProposalError) return refused(error.message);
      throw error;
    }
  }

  #preProcess(proposal: UnpackedProposal, channel: Channel | undefined): Identity {
    const { txId, creator: serialized } = proposal;
    let creator: Identity;
    try {
      creator = validateProposal(proposal, channel?.msps ?? this.#options.local);
    } catch (error) {
      throw new ProposalError(`error validating proposal: ${textOf(error)}`);
    }
    if (channel === undefined) return creator;
    if (channel.ledger.hasTransaction(txId)) {
      const hex = Buffer.from(serialized).toString('hex');
      throw new ProposalError(`duplicate transaction found [${txId}]. Creator [${hex}]`);
    }
    // A system chaincode looks at who calls it by itself.
    if (this.#options.chaincodes.isSystemChaincode(proposal.chaincode)) return creator;
    const { proposalBytes: data, signature } = proposal;
    const signed = { data, identity: serialized, signature };
    const refusal = channel.policies.refuseAccess(channel.name, WRITERS, signed);
    if (refusal !== undefined) throw new ProposalError(refusal);
    return creator;
  }

  async #answer(
    { proposal, channel, creator }: Checked,
    conclude: Conclude,
  ): Promise<ProposalOutcome> {
    await channel?.definitions.current();
    const version = this.#version(proposal, channel);
    const { execution, result } = await this.#simulate(proposal, channel, creator).catch(
      (error: unknown) => {
        throw new Error(`error in simulation: ${textOf(error)}`);
      },
    );
    if (result === undefined) return withoutChannel(proposal, version, execution);
    const interest = interestOf(result);
    const faults = this.#options.development?.faults;
    if (faults?.mismatches(() => proposedInvocation(proposal), this.mspId) === true) {
      execution.response.setMessage(`a fault makes ${this.mspId} answer something else`);
    }
    const payload = responsePayload(proposal, version, execution, result);
    const response = new peer.ProposalResponse();
    response.setResponse(execution.response);
    const status = execution.response.getStatus();
    // A contract's own failure carries its payload, so that it can be told from the peer's.
    if (status >= ERROR) response.setPayload(payload);
    if (status < ERROR_THRESHOLD) conclude(response, payload);
    return { response, error: undefined, interest };
  }

  /** @throws Error when the chaincode does not run here. */
  #version({ chaincode, channel: name }: UnpackedProposal, channel: Channel | undefined): string {
    const { chaincodes } = this.#options;
    if (chaincodes.isSystemChaincode(chaincode)) return SYSTEM_VERSION;
    try {
      if (channel !== undefined) return chaincodes.definition(channel, chaincode).version;
      throw new Error(`could not get channel config for channel '${name}'`);
    } catch (error) {
      throw new Error(
        `make sure the chaincode ${chaincode} has been successfully defined on channel ${name} and try again: ${textOf(error)}`,
        { cause: error },
      );
    }
  }

  async #simulate(
    proposal: UnpackedProposal,
    channel: Channel | undefined,
    creator: Identity,
  ): Promise<Simulation> {
    await this.#options.development?.faults.beforeSimulation(() => proposedInvocation(proposal));
    const simulation = await this.#execute(proposal, channel, creator);
    const privateRwset = simulation.result?.privateRwset;
    if (privateRwset !== undefined) {
      await channel?.distributor
        .distribute(this.mspId, proposal.txId, privateRwset)
        .catch((error: unknown) => {
          throw new Error(
            `failed to distribute private collection, txID ${proposal.txId}, channel ${proposal.channel}: ${textOf(error)}`,
            { cause: error },
          );
        });
    }
    return simulation;
  }

  async #execute(
    proposal: UnpackedProposal,
    on: Channel | undefined,
    creator: Identity,
  ): Promise<Simulation> {
    const { chaincodes } = this.#options;
    const { channel, txId, signed: signedProposal, chaincode, input } = proposal;
    const simulator = on?.ledger.newSimulator({ mspId: this.mspId, txId });
    try {
      const parameters = { channel, txId, signedProposal, creator, simulator };
      const execution = await chaincodes.execute(parameters, chaincode, input);
      const isFailure = execution.response.getStatus() >= ERROR_THRESHOLD;
      // The event of a transaction that failed is not part of its answer.
      const answer = isFailure ? { ...execution, event: undefined } : execution;
      return { execution: answer, result: simulator?.result() };
    } finally {
      await simulator?.done();
    }
  }

  #endorse(response: peer.ProposalResponse, payload: Uint8Array): void {
    const { signer } = this.#options;
    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(signer.serialized);
    endorsement.setSignature(signer.sign(Buffer.concat([payload, signer.serialized])));
    response.setVersion(ENDORSEMENT_VERSION);
    response.setPayload(payload);
    response.setEndorsement(endorsement);
  }
}

/** What a system chaincode answers on no channel: nothing that could be submitted, so nothing is signed. */
function withoutChannel(
  proposal: UnpackedProposal,
  version: string,
  execution: Execution,
): ProposalOutcome {
  const response = new peer.ProposalResponse();
  response.setResponse(execution.response);
  if (execution.response.getStatus() >= ERROR) {
    const nothing = { publicRwset: new Uint8Array() };
    response.setPayload(responsePayload(proposal, version, execution, nothing));
  }
  return { response, error: undefined, interest: [] };
}

/** Bytes of ProposalResponsePayload: what endorsers sign and must agree on. */
function responsePayload(
  proposal: UnpackedProposal,
  version: string,
  execution: Execution,
  result: Pick<SimulationResult, 'publicRwset'>,
): Uint8Array {
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(proposal.chaincode);
  chaincodeId.setVersion(version);
  const action = new peer.ChaincodeAction();
  action.setResults(result.publicRwset);
  if (execution.event !== undefined) action.setEvents(execution.event.serializeBinary());
  action.setResponse(execution.response);
  action.setChaincodeId(chaincodeId);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposal.hash);
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}
