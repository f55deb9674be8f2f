export {
  type BlockDefinition,
  type ChaincodeDefinition,
  type CollectionDefinition,
  hostName,
  memberPolicy,
  type NetworkDefinition,
  networkDefinitionSchema,
  type OrganizationDefinition,
  organizationDefinitionSchema,
  organizationNamed,
  policyMspIds,
} from './definition.ts';
export { NETWORK } from './pulse-network.ts';
