// So that a test can tell them apart, also where the package brings its own copy of the client (CommonJS).
export {
  CommitError,
  CommitStatusError,
  EndorseError,
  GatewayError,
} from '@hyperledger/fabric-gateway';
export {
  type BlockDefinition,
  type CollectionDefinition,
  type NetworkDefinition,
  networkDefinitionSchema,
} from '../../definition/src/index.ts';
export { type AdminServer, startAdminServer } from './admin/admin-server.ts';
export {
  type ChaincodeProcess,
  type ChaincodeProcesses,
  type ChaincodeProcessOptions,
  serveChaincode,
  serveChaincodeForAll,
} from './chaincode-process.ts';
export { connectAdmin } from './client/admin-client.ts';
export { connectGateway, type DevnetClient } from './client/connect.ts';
export { collectionsConfig } from './collections-config.ts';
export type {
  DevnetClock,
  DevnetControl,
  DevnetStatus,
  IdentityRequest,
  IssuedIdentity,
  MinedBlock,
  StreamingControl,
} from './control/control.ts';
export { ControlError } from './control/errors.ts';
export type { Fault, FaultKind, FaultMatch, ListedFault } from './control/fault-types.ts';
export type { TransactionTrace } from './control/trace-types.ts';
export {
  defineNetwork,
  type SimpleCollection,
  type SimpleNetwork,
  type SimpleOrganization,
  simpleNetworkSchema,
} from './define-network.ts';
export {
  type Devnet,
  type DevnetOptions,
  type DevnetProfile,
  type OtherChaincode,
  type OtherChannel,
  startDevnet,
} from './devnet.ts';
export { furtherChannels, type SimpleChannel } from './further-channels.ts';
export type { LedgerSnapshot } from './ledger/types.ts';
export type { BlockCutting } from './orderer/block-cutting.ts';
export { type OrganizationsFolderOptions, writeOrganizations } from './organizations-folder.ts';
export {
  type DevnetTestNetwork,
  startTestNetwork,
  type TestNetworkOptions,
} from './test-network.ts';
