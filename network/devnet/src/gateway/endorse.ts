import { status } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import type { ChaincodeCall } from '../endorser/interest.ts';
import { ProposalError, withoutTransient } from '../endorser/proposal.ts';
import type { GatewayContext } from './context.ts';
import { DiscoveryError, endorsementLayouts, type Layout } from './discovery.ts';
import { GatewayError } from './errors.ts';
import { type Answer, errorDetail, type GatewayPeer, processProposal } from './peers.ts';
import { type Endorsed, EndorsementPlan } from './plan.ts';
import { type GatewayProposal, readProposal } from './proposal-request.ts';

interface Request {
  readonly signed: peer.SignedProposal;
  readonly proposal: GatewayProposal;
}

function unpack(signed: peer.SignedProposal | undefined): Request {
  if (signed === undefined || signed.getProposalBytes_asU8().length === 0) {
    throw new GatewayError(
      status.INVALID_ARGUMENT,
      'the proposed transaction must contain a signed proposal',
    );
  }
  try {
    return { signed, proposal: readProposal(signed) };
  } catch (error) {
    if (error instanceof ProposalError) {
      throw new GatewayError(status.INVALID_ARGUMENT, error.message);
    }
    throw error;
  }
}

/** One peer of each organization that the client names; it answers for the policy itself. */
function planForOrganizations(
  context: GatewayContext,
  { channel, chaincode }: GatewayProposal,
  organizations: readonly string[],
): EndorsementPlan {
  const available = channel === context.channel ? context.peers.with(chaincode) : [];
  const found = new Map(available.map((target) => [target.mspId, target]));
  const missing = organizations.filter((mspId) => !found.has(mspId));
  if (missing.length > 0) {
    throw new GatewayError(
      status.UNAVAILABLE,
      `failed to find any endorsing peers for org(s): ${missing.join(', ')}`,
    );
  }
  const layout = [...new Set(organizations)].flatMap((mspId) => found.get(mspId) ?? []);
  return new EndorsementPlan([layout]);
}

function layouts(context: GatewayContext, interest: readonly ChaincodeCall[]): readonly Layout[] {
  const name = interest[0]?.chaincode ?? '';
  return endorsementLayouts(interest, context.peers.with(name), context.definitions);
}

function noCombination(error: DiscoveryError): GatewayError {
  return new GatewayError(
    status.FAILED_PRECONDITION,
    `no combination of peers can be derived which satisfy the endorsement policy: ${error.message}`,
  );
}

/**
 * Layouts for what the first endorser's simulation touched. With transient data only members of the collections are
 * asked, whatever was read of them.
 */
function layoutsProtecting(
  context: GatewayContext,
  interest: readonly ChaincodeCall[],
  hasTransient: boolean,
): readonly Layout[] {
  const isProtected = (call: ChaincodeCall): boolean => hasTransient && call.hasNoPrivateReads;
  try {
    return layouts(
      context,
      interest.map((call) => (isProtected(call) ? { ...call, hasNoPrivateReads: false } : call)),
    );
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    const collections = interest.filter(isProtected).flatMap((call) => call.collection ?? []);
    if (collections.length > 0 && canBeEndorsed(context, interest)) {
      throw new GatewayError(
        status.FAILED_PRECONDITION,
        `requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [${collections.join(' ')}]; retry specifying trusted endorsing organizations to protect transient data`,
      );
    }
    throw noCombination(error);
  }
}

function canBeEndorsed(context: GatewayContext, interest: readonly ChaincodeCall[]): boolean {
  try {
    layouts(context, interest);
    return true;
  } catch (error) {
    if (error instanceof DiscoveryError) return false;
    throw error;
  }
}

/** Peers to ask first, in turn: the own organization's, else any that the chaincode's policy names. */
function firstEndorsers(
  context: GatewayContext,
  proposal: GatewayProposal,
): readonly GatewayPeer[] {
  const { chaincode, channel, hasTransient } = proposal;
  const isKnown = channel === context.channel;
  // Discovery knows nothing of the chaincodes that are a part of the peer.
  const isDefined = context.definitions.chaincode(chaincode) !== undefined;
  const known = isDefined ? context.peers.with(chaincode) : [];
  const own = known.filter((target) => context.peers.isLocal(target));
  if (isKnown && own.length > 0) return own;
  if (hasTransient) {
    throw new GatewayError(
      status.FAILED_PRECONDITION,
      "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
    );
  }
  try {
    if (!isKnown) {
      throw new DiscoveryError(
        `No metadata was found for chaincode ${chaincode} in channel ${channel}`,
      );
    }
    const plan = layouts(context, [defaultInterest(chaincode)])[0] ?? [];
    return plan.slice(0, 1);
  } catch (error) {
    throw error instanceof DiscoveryError ? noCombination(error) : error;
  }
}

function defaultInterest(chaincode: string): ChaincodeCall {
  return {
    chaincode,
    collection: undefined,
    keyPolicies: [],
    disregardsChaincodePolicy: false,
    hasNoPrivateReads: false,
  };
}

type Ask = (target: GatewayPeer) => Promise<Answer>;

/** Simulates on one peer first, to learn from the result who else must endorse. */
async function planFromFirstEndorser(
  context: GatewayContext,
  proposal: GatewayProposal,
  ask: Ask,
): Promise<EndorsementPlan> {
  const details = [];
  for (const first of firstEndorsers(context, proposal)) {
    const answer = await ask(first);
    if (answer.kind === 'failed') {
      details.push(errorDetail(first, answer.message));
      continue;
    }
    const touched = answer.interest;
    const interest = touched.length > 0 ? touched : [defaultInterest(proposal.chaincode)];
    const found = layoutsProtecting(context, interest, proposal.hasTransient);
    // Layouts with the peer that has endorsed already come first.
    const plan = new EndorsementPlan([
      ...found.filter((layout) => layout.includes(first)),
      ...found.filter((layout) => !layout.includes(first)),
    ]);
    plan.add(first, answer);
    return plan;
  }
  throw new GatewayError(
    status.ABORTED,
    'failed to endorse transaction, see attached details for more info',
    details,
  );
}

/** The transaction, ready for the client's signature (internal/pkg/gateway/submit.go prepareTransaction). */
function prepareTransaction(
  { header, payload }: GatewayProposal,
  endorsed: Endorsed,
): common.Envelope {
  const endorsedAction = new peer.ChaincodeEndorsedAction();
  endorsedAction.setProposalResponsePayload(endorsed.responsePayload);
  endorsedAction.setEndorsementsList([...endorsed.endorsements]);
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(withoutTransient(payload));
  actionPayload.setAction(endorsedAction);
  const action = new peer.TransactionAction();
  action.setHeader(header.getSignatureHeader_asU8());
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.addActions(action);
  const envelopePayload = new common.Payload();
  envelopePayload.setHeader(header);
  envelopePayload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(envelopePayload.serializeBinary());
  return envelope;
}

/**
 * Collects the endorsements that a transaction needs and puts it together (internal/pkg/gateway/endorse.go).
 *
 * @throws GatewayError
 */
export async function endorse(
  context: GatewayContext,
  request: gateway.EndorseRequest,
): Promise<gateway.EndorseResponse> {
  const { signed, proposal } = unpack(request.getProposedTransaction());
  const ask: Ask = (target) => processProposal(target, context.peers.isLocal(target), signed);
  const named = request.getEndorsingOrganizationsList();
  const plan =
    named.length > 0
      ? planForOrganizations(context, proposal, named)
      : await planFromFirstEndorser(context, proposal, ask);
  const endorsed = await plan.collect(ask);
  if (endorsed === undefined) {
    throw new GatewayError(
      status.ABORTED,
      'failed to collect enough transaction endorsements, see attached details for more info',
      plan.errors,
    );
  }
  const response = new gateway.EndorseResponse();
  response.setPreparedTransaction(prepareTransaction(proposal, endorsed));
  return response;
}
