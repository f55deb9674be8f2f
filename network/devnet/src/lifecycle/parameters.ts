import { peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';
import { type Field, type ReadableState, readField, type Structure } from './stored-structure.ts';

const { ChaincodeEndorsementInfo, ChaincodeValidationInfo } = peer.lifecycle;

/** Where definitions are stored: committed ones in public state, approvals in each organization's implicit collection. */
export const NAMESPACES = 'namespaces';
/** Which package runs an approved definition; only in implicit collections. */
export const SOURCES = 'chaincode-sources';
/** The channel's policy for chaincodes whose definition names none. */
const DEFAULT_POLICY = '/Channel/Application/Endorsement';

/** All of a chaincode definition but its name and sequence. */
export interface Parameters {
  readonly version: string;
  readonly endorsementPlugin: string;
  readonly initRequired: boolean;
  readonly validationPlugin: string;
  /** Bytes of protos.ApplicationPolicy. */
  readonly validationParameter: Uint8Array;
  readonly collections: peer.CollectionConfigPackage;
}

/** What the messages of lifecycle functions have in common. */
interface ParametersMessage {
  getVersion(): string;
  getEndorsementPlugin(): string;
  getInitRequired(): boolean;
  getValidationPlugin(): string;
  getValidationParameter_asU8(): Uint8Array;
  getCollections(): peer.CollectionConfigPackage | undefined;
}

/** The parameters of a request, with the channel's defaults for what it leaves out. */
export function requestedParameters(message: ParametersMessage): Parameters {
  const policy = message.getValidationParameter_asU8();
  return {
    version: message.getVersion(),
    endorsementPlugin: message.getEndorsementPlugin() || 'escc',
    initRequired: message.getInitRequired(),
    validationPlugin: message.getValidationPlugin() || 'vscc',
    validationParameter: policy.length > 0 ? policy : defaultPolicy(),
    collections: message.getCollections() ?? new peer.CollectionConfigPackage(),
  };
}

function defaultPolicy(): Uint8Array {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(DEFAULT_POLICY);
  return policy.serializeBinary();
}

interface ParametersResult {
  setVersion(version: string): void;
  setEndorsementPlugin(plugin: string): void;
  setInitRequired(required: boolean): void;
  setValidationPlugin(plugin: string): void;
  setValidationParameter(parameter: Uint8Array): void;
  setCollections(collections: peer.CollectionConfigPackage): void;
}

/** Puts parameters into an answer. */
export function tellParameters(into: ParametersResult, parameters: Parameters): void {
  into.setVersion(parameters.version);
  into.setEndorsementPlugin(parameters.endorsementPlugin);
  into.setInitRequired(parameters.initRequired);
  into.setValidationPlugin(parameters.validationPlugin);
  into.setValidationParameter(parameters.validationParameter);
  into.setCollections(parameters.collections);
}

function parameterFields(parameters: Parameters): [string, Field][] {
  const endorsement = new ChaincodeEndorsementInfo();
  endorsement.setVersion(parameters.version);
  endorsement.setEndorsementPlugin(parameters.endorsementPlugin);
  endorsement.setInitRequired(parameters.initRequired);
  const validation = new ChaincodeValidationInfo();
  validation.setValidationPlugin(parameters.validationPlugin);
  validation.setValidationParameter(parameters.validationParameter);
  return [
    ['EndorsementInfo', { bytes: endorsement.serializeBinary() }],
    ['ValidationInfo', { bytes: validation.serializeBinary() }],
    ['Collections', { bytes: parameters.collections.serializeBinary() }],
  ];
}

/** What an organization approves. */
export function approvedStructure(parameters: Parameters): Structure {
  return { type: 'ChaincodeParameters', fields: new Map(parameterFields(parameters)) };
}

/** What a channel commits. */
export function committedStructure(sequence: number, parameters: Parameters): Structure {
  const fields: [string, Field][] = [
    ['Sequence', { number: sequence }],
    ...parameterFields(parameters),
  ];
  return { type: 'ChaincodeDefinition', fields: new Map(fields) };
}

/** Which package runs a definition at an organization's peers; '' = none. */
export function sourceStructure(packageId: string): Structure {
  return {
    type: 'ChaincodeLocalPackage',
    fields: new Map([['PackageID', { text: packageId }]]),
  };
}

/** The name under which an organization keeps its approval of a sequence. */
export function approvalName(chaincode: string, sequence: number): string {
  return `${chaincode}#${sequence}`;
}

/** Committed or approved parameters. */
export function readParameters(state: ReadableState, name: string): Parameters {
  const field = (what: string): Uint8Array =>
    readField(state, NAMESPACES, name, what).getBytes_asU8();
  const endorsement =
    readOr(field('EndorsementInfo'), ChaincodeEndorsementInfo) ?? new ChaincodeEndorsementInfo();
  const validation =
    readOr(field('ValidationInfo'), ChaincodeValidationInfo) ?? new ChaincodeValidationInfo();
  return {
    version: endorsement.getVersion(),
    endorsementPlugin: endorsement.getEndorsementPlugin(),
    initRequired: endorsement.getInitRequired(),
    validationPlugin: validation.getValidationPlugin(),
    validationParameter: validation.getValidationParameter_asU8(),
    collections:
      readOr(field('Collections'), peer.CollectionConfigPackage) ??
      new peer.CollectionConfigPackage(),
  };
}

/** The sequence that is committed; 0 = none. */
export function committedSequence(state: ReadableState, chaincode: string): number {
  return readField(state, NAMESPACES, chaincode, 'Sequence').getInt64();
}

/** The package of an approval; '' = none. */
export function readSource(state: ReadableState, name: string): string {
  return readField(state, SOURCES, name, 'PackageID').getString();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What is different first, in Fabric's words; undefined when nothing is. */
export function difference(current: Parameters, passed: Parameters): string | undefined {
  const compared: readonly (readonly [string, string, string])[] = [
    ['Version', current.version, passed.version],
    ['EndorsementPlugin', current.endorsementPlugin, passed.endorsementPlugin],
    ['InitRequired', String(current.initRequired), String(passed.initRequired)],
    ['ValidationPlugin', current.validationPlugin, passed.validationPlugin],
    ['ValidationParameter', hex(current.validationParameter), hex(passed.validationParameter)],
  ];
  for (const [what, expected, given] of compared) {
    if (expected !== given)
      return `expected ${what} '${expected}' does not match passed ${what} '${given}'`;
  }
  const [ours, theirs] = [current.collections, passed.collections].map((c) => c.serializeBinary());
  const isSame = Buffer.compare(ours ?? new Uint8Array(), theirs ?? new Uint8Array()) === 0;
  return isSame ? undefined : 'Collections do not match';
}
