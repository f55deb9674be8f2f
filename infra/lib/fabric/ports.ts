/** Ports of Fabric's programs on machines of their own. */
export const PORTS = {
  peer: 7051,
  chaincode: 9999,
  orderer: 7050,
  ordererAdmin: 7053,
  operations: 9443,
} as const;
