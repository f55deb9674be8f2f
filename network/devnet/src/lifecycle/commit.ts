import { LifecycleError } from './errors.ts';
import {
  approvalName,
  approvedStructure,
  committedSequence,
  committedStructure,
  NAMESPACES,
  type Parameters,
} from './parameters.ts';
import {
  mismatches,
  type OpaqueState,
  type ReadableState,
  type WritableState,
  writeStructure,
} from './stored-structure.ts';

export interface Definition {
  readonly chaincode: string;
  readonly sequence: number;
  readonly parameters: Parameters;
}

/** By MSP ID what of a definition an organization has not approved; empty = it has approved all of it. */
export type Readiness = ReadonlyMap<string, readonly string[]>;

/** Who has approved a definition, by the hashes of the approvals. */
export function approvals(
  { chaincode, sequence, parameters }: Definition,
  organizations: readonly OpaqueState[],
): Readiness {
  const name = approvalName(chaincode, sequence);
  const structure = approvedStructure(parameters);
  return new Map(
    organizations.map((state) => [state.mspId, mismatches(state, NAMESPACES, name, structure)]),
  );
}

/**
 * Who has approved the next definition of a chaincode (lifecycle.go CheckCommitReadiness).
 *
 * @throws LifecycleError when it is not the next one.
 */
export function commitReadiness(
  definition: Definition,
  publicState: ReadableState,
  organizations: readonly OpaqueState[],
): Readiness {
  const next = committedSequence(publicState, definition.chaincode) + 1;
  if (definition.sequence !== next) {
    throw new LifecycleError(
      `requested sequence is ${definition.sequence}, but new definition must be sequence ${next}`,
    );
  }
  return approvals(definition, organizations);
}

/**
 * Makes a definition the channel's. Whether enough have approved is not asked: every endorser says it for its own
 * organization, and the channel's policy says how many are enough (lifecycle.go CommitChaincodeDefinition).
 *
 * @throws LifecycleError
 */
export function commit(
  definition: Definition,
  publicState: WritableState,
  organizations: readonly OpaqueState[],
): Readiness {
  const readiness = commitReadiness(definition, publicState, organizations);
  const { chaincode, sequence, parameters } = definition;
  writeStructure(publicState, NAMESPACES, chaincode, committedStructure(sequence, parameters));
  return readiness;
}
