import { peer } from '@hyperledger/fabric-protos';
import { approve, approved, readApproval } from '../lifecycle/approve.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import { checkDefinition } from '../lifecycle/check-definition.ts';
import { approvals, commit, commitReadiness, type Readiness } from '../lifecycle/commit.ts';
import { LifecycleError, NotThereError } from '../lifecycle/errors.ts';
import type { InstalledPackages } from '../lifecycle/installed-packages.ts';
import type { LifecycleState } from '../lifecycle/lifecycle-state.ts';
import {
  committedSequence,
  NAMESPACES,
  readParameters,
  requestedParameters,
  tellParameters,
} from '../lifecycle/parameters.ts';
import { metadataKey, type OpaqueState, readType } from '../lifecycle/stored-structure.ts';
import { type MessageClass, readMessage } from '../protos/read.ts';

const { lifecycle } = peer;
const NAMES = metadataKey(NAMESPACES, '');

/** A channel in which a function is called. */
export interface CalledChannel {
  readonly definitions: ChaincodeDefinitions;
  readonly state: LifecycleState;
}

/** What a lifecycle function works with. */
export interface LifecycleCall {
  readonly mspId: string;
  /** undefined when it is called on none. */
  readonly channel: CalledChannel | undefined;
  readonly packages: InstalledPackages;
  /** Chaincodes by channel that run from a package here. */
  readonly references: (packageId: string) => ReadonlyMap<string, readonly Reference[]>;
}

export interface Reference {
  readonly name: string;
  readonly version: string;
}

interface Message {
  serializeBinary(): Uint8Array;
}

/** One function of _lifecycle: bytes in, bytes out. @throws LifecycleError with Fabric's text. */
export type LifecycleFunction = (
  call: LifecycleCall,
  input: Uint8Array,
) => Promise<Uint8Array> | Uint8Array;

function answering<Args>(
  name: string,
  message: MessageClass<Args>,
  answer: (call: LifecycleCall, args: Args) => Message | Promise<Message>,
): readonly [string, LifecycleFunction] {
  const run = async (call: LifecycleCall, input: Uint8Array): Promise<Uint8Array> =>
    (await answer(call, decoded(name, message, input))).serializeBinary();
  return [name, run];
}

function decoded<Args>(name: string, message: MessageClass<Args>, input: Uint8Array): Args {
  try {
    return readMessage(input, message);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `could not decode input arg for *lifecycle.Invocation.${name}: ${reason}`;
    throw new LifecycleError(text, { cause });
  }
}

function on({ channel }: LifecycleCall): CalledChannel {
  if (channel !== undefined) return channel;
  throw new LifecycleError("no application config for channel ''");
}

function states({ definitions, state }: CalledChannel): readonly OpaqueState[] {
  return definitions.organizations.map((mspId) => state.approvalsOf(mspId));
}

type Requested =
  | peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs
  | peer.lifecycle.CommitChaincodeDefinitionArgs;

function check({ definitions, state }: CalledChannel, args: Requested): void {
  const [name, version] = [args.getName(), args.getVersion()];
  const definition = { name, version, collections: args.getCollections() };
  checkDefinition(definition, definitions.organizations, () => {
    if (readType(state.public, NAMESPACES, name) !== undefined) {
      return readParameters(state.public, name).collections;
    }
    state.noteLegacyRead(name);
    return undefined;
  });
}

function tellApprovals(
  into: { set(mspId: string, isApproved: boolean): unknown },
  readiness: Readiness,
): void {
  for (const [mspId, missing] of readiness) into.set(mspId, missing.length === 0);
}

function sourceOf(packageId: string): peer.lifecycle.ChaincodeSource {
  const source = new lifecycle.ChaincodeSource();
  if (packageId === '') {
    source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
    return source;
  }
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId);
  source.setLocalPackage(local);
  return source;
}

const INSTALL = answering(
  'InstallChaincode',
  lifecycle.InstallChaincodeArgs,
  async ({ packages }, args) => {
    const found = await packages.install(args.getChaincodeInstallPackage_asU8());
    const result = new lifecycle.InstallChaincodeResult();
    result.setLabel(found.label);
    result.setPackageId(found.packageId);
    return result;
  },
);

function tellReferences<Chaincode, References>(
  into: { set(channel: string, references: References): unknown },
  found: ReadonlyMap<string, readonly Reference[]>,
  make: {
    readonly chaincode: (reference: Reference) => Chaincode;
    readonly references: (chaincodes: Chaincode[]) => References;
  },
): void {
  for (const [channel, references] of found) {
    into.set(channel, make.references(references.map(make.chaincode)));
  }
}

const QUERY_INSTALLED = answering(
  'QueryInstalledChaincode',
  lifecycle.QueryInstalledChaincodeArgs,
  ({ packages, references }, args) => {
    const { QueryInstalledChaincodeResult: Result } = lifecycle;
    const found = packages.get(args.getPackageId());
    if (found === undefined) {
      throw new LifecycleError(`could not find chaincode with package id '${args.getPackageId()}'`);
    }
    const result = new Result();
    result.setLabel(found.label);
    result.setPackageId(found.packageId);
    tellReferences(result.getReferencesMap(), references(found.packageId), {
      chaincode: ({ name, version }) => {
        const one = new Result.Chaincode();
        one.setName(name);
        one.setVersion(version);
        return one;
      },
      references: (chaincodes) => {
        const all = new Result.References();
        all.setChaincodesList(chaincodes);
        return all;
      },
    });
    return result;
  },
);

const QUERY_ALL_INSTALLED = answering(
  'QueryInstalledChaincodes',
  lifecycle.QueryInstalledChaincodesArgs,
  ({ packages, references }) => {
    const { QueryInstalledChaincodesResult: Result } = lifecycle;
    const result = new Result();
    for (const { label, packageId } of packages.all) {
      const installed = new Result.InstalledChaincode();
      installed.setLabel(label);
      installed.setPackageId(packageId);
      tellReferences(installed.getReferencesMap(), references(packageId), {
        chaincode: ({ name, version }) => {
          const one = new Result.Chaincode();
          one.setName(name);
          one.setVersion(version);
          return one;
        },
        references: (chaincodes) => {
          const all = new Result.References();
          all.setChaincodesList(chaincodes);
          return all;
        },
      });
      result.addInstalledChaincodes(installed);
    }
    return result;
  },
);

const GET_PACKAGE = answering(
  'GetInstalledChaincodePackage',
  lifecycle.GetInstalledChaincodePackageArgs,
  ({ packages }, args) => {
    const result = new lifecycle.GetInstalledChaincodePackageResult();
    result.setChaincodeInstallPackage(packages.bytesOf(args.getPackageId()));
    return result;
  },
);

const APPROVE = answering(
  'ApproveChaincodeDefinitionForMyOrg',
  lifecycle.ApproveChaincodeDefinitionForMyOrgArgs,
  (call, args) => {
    const channel = on(call);
    check(channel, args);
    const approval = {
      chaincode: args.getName(),
      sequence: args.getSequence(),
      parameters: requestedParameters(args),
      packageId: args.getSource()?.getLocalPackage()?.getPackageId() ?? '',
    };
    approve(approval, channel.state.public, channel.state.own);
    return new lifecycle.ApproveChaincodeDefinitionForMyOrgResult();
  },
);

const QUERY_APPROVED = answering(
  'QueryApprovedChaincodeDefinition',
  lifecycle.QueryApprovedChaincodeDefinitionArgs,
  (call, args) => {
    const { definitions, state } = on(call);
    const asked = {
      channel: definitions.channel,
      chaincode: args.getName(),
      sequence: args.getSequence(),
    };
    const found = approved(asked, state.public, state.own);
    const result = new lifecycle.QueryApprovedChaincodeDefinitionResult();
    result.setSequence(found.sequence);
    tellParameters(result, found.parameters);
    result.setSource(sourceOf(found.packageId));
    return result;
  },
);

const QUERY_ALL_APPROVED = answering(
  'QueryApprovedChaincodeDefinitions',
  lifecycle.QueryApprovedChaincodeDefinitionsArgs,
  async (call) => {
    const { state } = on(call);
    const result = new lifecycle.QueryApprovedChaincodeDefinitionsResult();
    for (const name of await state.approvedNames(NAMES)) {
      const [chaincode = '', sequence] = name.split('#');
      const found = readApproval(chaincode, Number(sequence), state.own);
      const one =
        new lifecycle.QueryApprovedChaincodeDefinitionsResult.ApprovedChaincodeDefinition();
      one.setName(chaincode);
      one.setSequence(found.sequence);
      tellParameters(one, found.parameters);
      one.setSource(sourceOf(found.packageId));
      result.addApprovedChaincodeDefinitions(one);
    }
    return result;
  },
);

const CHECK_READINESS = answering(
  'CheckCommitReadiness',
  lifecycle.CheckCommitReadinessArgs,
  (call, args) => {
    const channel = on(call);
    const definition = {
      chaincode: args.getName(),
      sequence: args.getSequence(),
      parameters: requestedParameters(args),
    };
    const readiness = commitReadiness(definition, channel.state.public, states(channel));
    const result = new lifecycle.CheckCommitReadinessResult();
    tellApprovals(result.getApprovalsMap(), readiness);
    for (const [mspId, missing] of readiness) {
      if (missing.length === 0) continue;
      const items = new lifecycle.CheckCommitReadinessResult.Mismatches();
      items.setItemsList([...missing]);
      result.getMismatchesMap().set(mspId, items);
    }
    return result;
  },
);

const COMMIT = answering(
  'CommitChaincodeDefinition',
  lifecycle.CommitChaincodeDefinitionArgs,
  (call, args) => {
    const channel = on(call);
    check(channel, args);
    const definition = {
      chaincode: args.getName(),
      sequence: args.getSequence(),
      parameters: requestedParameters(args),
    };
    const readiness = commit(definition, channel.state.public, states(channel));
    if (readiness.get(call.mspId)?.length !== 0) {
      throw new LifecycleError(`chaincode definition not agreed to by this org (${call.mspId})`);
    }
    return new lifecycle.CommitChaincodeDefinitionResult();
  },
);

const QUERY_DEFINITION = answering(
  'QueryChaincodeDefinition',
  lifecycle.QueryChaincodeDefinitionArgs,
  (call, args) => {
    const channel = on(call);
    const [{ public: committed }, chaincode] = [channel.state, args.getName()];
    if (readType(committed, NAMESPACES, chaincode) === undefined) {
      throw new NotThereError(`namespace ${chaincode} is not defined`);
    }
    const sequence = committedSequence(committed, chaincode);
    const parameters = readParameters(committed, chaincode);
    const result = new lifecycle.QueryChaincodeDefinitionResult();
    result.setSequence(sequence);
    tellParameters(result, parameters);
    const definition = { chaincode, sequence, parameters };
    tellApprovals(result.getApprovalsMap(), approvals(definition, states(channel)));
    return result;
  },
);

const QUERY_DEFINITIONS = answering(
  'QueryChaincodeDefinitions',
  lifecycle.QueryChaincodeDefinitionsArgs,
  async (call) => {
    const { state } = on(call);
    const result = new lifecycle.QueryChaincodeDefinitionsResult();
    for (const name of await state.committedNames(NAMES)) {
      const one = new lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition();
      one.setName(name);
      one.setSequence(committedSequence(state.public, name));
      tellParameters(one, readParameters(state.public, name));
      result.addChaincodeDefinitions(one);
    }
    return result;
  },
);

/** Functions that ask for an administrator of the peer's own organization (core/aclmgmt/defaultaclprovider.go). */
export const ADMINISTRATORS_FUNCTIONS: ReadonlyMap<string, LifecycleFunction> = new Map([
  INSTALL,
  QUERY_INSTALLED,
  QUERY_ALL_INSTALLED,
  GET_PACKAGE,
  APPROVE,
  QUERY_APPROVED,
  QUERY_ALL_APPROVED,
]);

/** Functions for all writers of a channel. */
export const WRITERS_FUNCTIONS: ReadonlyMap<string, LifecycleFunction> = new Map([
  CHECK_READINESS,
  COMMIT,
  QUERY_DEFINITION,
  QUERY_DEFINITIONS,
]);
