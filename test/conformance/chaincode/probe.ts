import { type ChaincodeServerOpts, Shim } from 'fabric-shim';
import { PROBE } from './operations.ts';

// `fabric-chaincode-node server` makes a chaincode of contracts; this one takes their place.
const server = Shim.server.bind(Shim);
Shim.server = (_contracts, options: ChaincodeServerOpts) => server(PROBE, options);

/** None: see above. */
export const contracts: readonly never[] = [];
