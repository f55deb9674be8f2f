import { createPrivateKey } from 'node:crypto';
import type { Client } from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';
import { type ConnectionProfile, joinChunks, PROVIDER_MSP_IDS } from '@pulseledger/domain';
import type { CertifiedKey } from '@pulseledger/ledger';
import type { Submit } from './measure.ts';

/** The Gateway as its documentation shows it: its own signer and hash, `contract.submit`, no deadlines, no retry. */
export function plainSubmit(
  client: Client,
  profile: ConnectionProfile,
  identity: CertifiedKey,
): Submit {
  const gateway = connect({
    client,
    identity: { mspId: identity.mspId, credentials: Buffer.from(identity.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(identity.privateKeyPem)),
  });
  const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
  return async (chunks) => {
    await contract.submit('vitals:RecordChunks', {
      transientData: { chunks: joinChunks(chunks) },
      endorsingOrganizations: [...PROVIDER_MSP_IDS],
    });
  };
}
