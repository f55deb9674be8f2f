/**
 * What a network's hosts need, as text: configuration files, chaincode package and builder. Nothing here starts a
 * process or knows where it runs: a {@link Placement} says where everything is.
 */
export { chaincodePackage, packageId, packageLabel } from './chaincode-package.ts';
export { CHANNEL_PROFILE, renderCollections, renderConfigtx } from './channel.ts';
export { BUILDER_SCRIPTS } from './external-builder.ts';
export {
  type Address,
  type ChaincodePlace,
  type ChaincodeSlot,
  type Layout,
  layOut,
  type NetworkPlan,
  type OrdererPlace,
  type PeerPlace,
  type Placement,
} from './layout.ts';
export { renderOrderer, renderPeer } from './nodes.ts';
