import { LifecycleError } from './errors.ts';
import {
  approvalName,
  approvedStructure,
  committedSequence,
  difference,
  NAMESPACES,
  type Parameters,
  readParameters,
  readSource,
  SOURCES,
  sourceStructure,
} from './parameters.ts';
import {
  type ReadableState,
  readType,
  type WritableState,
  writeStructure,
} from './stored-structure.ts';

export interface Approval {
  readonly chaincode: string;
  readonly sequence: number;
  readonly parameters: Parameters;
  /** '' when the organization's peers do not run it. */
  readonly packageId: string;
}

function checkSequence(sequence: number, current: number): void {
  if (sequence === 0 && current === 0) {
    throw new LifecycleError('requested sequence is 0, but first definable sequence number is 1');
  }
  if (sequence < current) {
    throw new LifecycleError(
      `currently defined sequence ${current} is larger than requested sequence ${sequence}`,
    );
  }
  if (sequence > current + 1) {
    throw new LifecycleError(
      `requested sequence ${sequence} is larger than the next available sequence number ${current + 1}`,
    );
  }
}

/** Whether exactly this is approved already. */
function isApproved(
  { chaincode, sequence, parameters, packageId }: Approval,
  state: ReadableState,
): boolean {
  const name = approvalName(chaincode, sequence);
  if (readType(state, NAMESPACES, name) === undefined) return false;
  if (difference(readParameters(state, name), parameters) !== undefined) return false;
  return readType(state, SOURCES, name) !== undefined && readSource(state, name) === packageId;
}

/** An approval of what is committed already: the same parameters, perhaps with a package now. */
function checkCurrent(approval: Approval, publicState: ReadableState, own: ReadableState): void {
  const { chaincode, sequence, parameters } = approval;
  if (readType(publicState, NAMESPACES, chaincode) === undefined) {
    throw new LifecycleError(
      `missing metadata for currently committed sequence number (${sequence})`,
    );
  }
  committedSequence(publicState, chaincode);
  const found = difference(readParameters(publicState, chaincode), parameters);
  const attempt = `attempted to redefine the current committed sequence (${sequence}) for namespace ${chaincode}`;
  if (found !== undefined)
    throw new LifecycleError(`${attempt} with different parameters: ${found}`);
  if (isApproved(approval, own)) throw new LifecycleError(attempt);
}

/**
 * Records an organization's approval in its implicit collection (lifecycle.go ApproveChaincodeDefinitionForOrg): of the next
 * sequence, as often as it changes its mind, or of the committed one.
 *
 * @throws LifecycleError
 */
export function approve(approval: Approval, publicState: ReadableState, own: WritableState): void {
  const { chaincode, sequence, parameters, packageId } = approval;
  const current = committedSequence(publicState, chaincode);
  checkSequence(sequence, current);
  if (sequence === current) checkCurrent(approval, publicState, own);
  else if (isApproved(approval, own)) {
    throw new LifecycleError(
      `attempted to redefine uncommitted sequence (${sequence}) for namespace ${chaincode} with unchanged content`,
    );
  }
  const name = approvalName(chaincode, sequence);
  writeStructure(own, NAMESPACES, name, approvedStructure(parameters));
  writeStructure(own, SOURCES, name, sourceStructure(packageId));
}

/**
 * An organization's approval: of a sequence, or with 0 the latest (QueryApprovedChaincodeDefinition).
 *
 * @throws LifecycleError when there is none.
 */
export function approved(
  asked: { readonly channel: string; readonly chaincode: string; readonly sequence: number },
  publicState: ReadableState,
  own: ReadableState,
): Approval {
  const { channel, chaincode } = asked;
  const sequence = asked.sequence === 0 ? latest(chaincode, publicState, own) : asked.sequence;
  const name = approvalName(chaincode, sequence);
  if (readType(own, NAMESPACES, name) === undefined) {
    throw new LifecycleError(
      `could not fetch approved chaincode definition (name: '${chaincode}', sequence: '${sequence}') on channel '${channel}'`,
    );
  }
  return readApproval(chaincode, sequence, own);
}

function latest(chaincode: string, publicState: ReadableState, own: ReadableState): number {
  const current = committedSequence(publicState, chaincode);
  const next = readType(own, NAMESPACES, approvalName(chaincode, current + 1));
  return next === undefined ? current : current + 1;
}

/** An approval that is there. @throws LifecycleError when nothing says which package runs it. */
export function readApproval(chaincode: string, sequence: number, own: ReadableState): Approval {
  const name = approvalName(chaincode, sequence);
  const parameters = readParameters(own, name);
  if (readType(own, SOURCES, name) === undefined) {
    throw new LifecycleError(`could not fetch chaincode-source metadata for ${name}`);
  }
  return { chaincode, sequence, parameters, packageId: readSource(own, name) };
}
