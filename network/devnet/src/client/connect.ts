import { createPrivateKey } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import {
  type Contract,
  connect,
  type Gateway,
  hash,
  type Network,
  signers,
} from '@hyperledger/fabric-gateway';
import type { IssuedIdentity } from '../control/control.ts';
import type { DevnetProfile } from '../devnet.ts';

/** A connection to one organization's Gateway as one identity. */
export interface DevnetClient {
  readonly identity: IssuedIdentity;
  readonly gateway: Gateway;
  readonly network: Network;
  /** The network's own chaincode; others: `network.getContract(name)`. */
  readonly contract: Contract;
  close(): void;
}

/**
 * Connects Fabric's own Gateway client.
 *
 * @param organization whose gateway, by its name in the definition.
 * @throws RangeError when the profile has no such organization.
 */
export function connectGateway(
  profile: DevnetProfile,
  organization: string,
  identity: IssuedIdentity,
): DevnetClient {
  const place = profile.organizations[organization];
  if (place === undefined)
    throw new RangeError(`The network has no organization "${organization}".`);
  const grpc = new Client(
    place.endpoint,
    credentials.createSsl(Buffer.from(place.tlsRootCertificatePem)),
    { 'grpc.ssl_target_name_override': place.serverName },
  );
  const gateway = connect({
    client: grpc,
    identity: { mspId: identity.mspId, credentials: Buffer.from(identity.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(identity.privateKeyPem)),
    hash: hash.sha256,
  });
  const network = gateway.getNetwork(profile.channel);
  return {
    identity,
    gateway,
    network,
    contract: network.getContract(profile.chaincode),
    close: () => {
      gateway.close();
      grpc.close();
    },
  };
}
