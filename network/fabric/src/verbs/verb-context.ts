import type { LocalLayout } from '../local-layout.ts';
import type { NodeSet } from '../nodes.ts';
import type { ChaincodePlace } from '../render/layout.ts';
import type { NetworkState } from '../state.ts';
import type { FabricTools } from '../tools.ts';

/** What was asked for cannot be done; the message says what, why and what to do. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}

/** What a change of the network works with. */
export interface VerbContext {
  readonly tools: FabricTools;
  readonly nodeSet: NodeSet;
  readonly state: NetworkState;
  readonly layout: LocalLayout;
  /** Does a step and reports it when it is done. */
  readonly step: <T>(step: string, work: () => Promise<T>) => Promise<T>;
  /** Ports, keys and configuration of a state that is not kept yet. */
  readonly layOut: (state: NetworkState) => Promise<LocalLayout>;
  /** Makes what follows from the new state (ports, keys, configuration), then keeps it. */
  readonly save: (state: NetworkState) => Promise<LocalLayout>;
  /** Starts an organization's chaincode, unless it runs; without a folder the project's. */
  readonly startChaincode: (
    layout: LocalLayout,
    place: ChaincodePlace,
    folder: string | undefined,
  ) => Promise<void>;
  readonly publishProfile: () => Promise<void>;
}
