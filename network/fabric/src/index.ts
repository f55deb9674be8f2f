export { compactStores } from './compact-stores.ts';
export type { LocalLayout } from './local-layout.ts';
export {
  type FabricNetwork,
  type FabricOptions,
  type Progress,
  startFabric,
} from './network.ts';
export type { NodeProcess } from './nodes.ts';
export type { Operation } from './operation.ts';
export { PortTakenError } from './ports.ts';
export type { NetworkProfile } from './profile.ts';
export { type FabricPrograms, findPrograms, MissingProgramsError } from './programs.ts';
export type { NetworkState } from './state.ts';
export { type NetworkStatus, type NodeStatus, networkStatus } from './status.ts';
