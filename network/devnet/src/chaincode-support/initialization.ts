import type { peer } from '@hyperledger/fabric-protos';
import type { CommittedChaincode } from '../lifecycle/chaincode-definitions.ts';
import { ChaincodeError } from './errors.ts';
import type { TransactionParameters } from './transaction-context.ts';

/** Where a chaincode's namespace says which version was initialized (chaincode_support.go InitializedKeyName). */
const INITIALIZED_KEY = '\0\u{10ffff}initialized';

/**
 * Whether a call is the one that initializes its chaincode: the first of each version, when the definition asks for one
 * (chaincode_support.go CheckInvocation).
 *
 * @throws ChaincodeError when it is and must not be, or is not and must.
 */
export function beginsInitialization(
  { name, version, initRequired }: CommittedChaincode,
  { simulator }: TransactionParameters,
  input: peer.ChaincodeInput,
): boolean {
  const isWaiting =
    initRequired && initializedVersion(simulator.getState(name, INITIALIZED_KEY)) !== version;
  if (!input.getIsInit()) {
    if (!isWaiting) return false;
    throw new ChaincodeError(
      `chaincode '${name}' has not been initialized for this version, must call as init first`,
    );
  }
  if (!initRequired) {
    throw new ChaincodeError(
      `chaincode '${name}' does not require initialization but called as init`,
    );
  }
  if (!isWaiting) {
    throw new ChaincodeError(`chaincode '${name}' is already initialized but called as init`);
  }
  simulator.putState(name, INITIALIZED_KEY, new Uint8Array(Buffer.from(version)));
  return true;
}

function initializedVersion(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString();
}
