/**
 * What makes a channel of nodes that run: the first block, joining, the chaincode's lifecycle, changes of the
 * configuration. {@link FabricTools} says where Fabric's programs run; nothing here starts a node.
 */

export { connectionProfile, type NetworkProfile } from '../profile.ts';
export { findPrograms, MissingProgramsError, type Program } from '../programs.ts';
export { ProgramError, runProgram } from '../run-program.ts';
export type { Beside, FabricTools } from '../tools.ts';
export {
  administratorEnvironment,
  anOrderer,
  firstPeers,
  NoOrdererError,
  reach,
} from './administrator.ts';
export { joinOrderer, joinPeer, makeGenesisBlock, ordererStanding } from './join.ts';
export { awaitChaincode, bringChaincode, type Deployment, deploymentSchema } from './lifecycle.ts';
export { reconcileChannel, UpdateNotAppliedError } from './update.ts';
