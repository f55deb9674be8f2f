import { type ChaincodeServerOpts, Shim } from 'fabric-shim';
import { TEST_CHAINCODE } from './test-chaincode.ts';

/** Serves the test chaincode at each `host:port` of the command line, until it is killed. */
for (const address of process.argv.slice(2)) {
  // The type asks for TLS, which the server leaves out when there is none.
  const options = { ccid: 'pulse_1.0:test', address } as ChaincodeServerOpts;
  await Shim.server(TEST_CHAINCODE, options).start();
}
process.stdout.write('ready\n');
