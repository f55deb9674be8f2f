import { common, peer } from '@hyperledger/fabric-protos';
import type { ChaincodeDefinition } from '@pulseledger/network/definition';
import { Signer } from '../../network/devnet/src/msp/signer.ts';
import { parsePolicy } from '../../network/devnet/src/policy/parse.ts';
import { policyEnvelope } from '../../network/devnet/src/policy/signature-policy.ts';
import { proposal } from '../../network/devnet/src/testing/messages.ts';
import { mspId, type Person } from './person.ts';

const { lifecycle } = peer;

/** A chaincode's endorsement policy as definitions hold it. */
export function applicationPolicy(text: string): Uint8Array {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(policyEnvelope(parsePolicy(text)));
  return policy.serializeBinary();
}

type Parts = Pick<ChaincodeDefinition, 'name' | 'version' | 'endorsementPolicy'>;

/** What an organization approves: a definition, and perhaps the package that runs it. */
export function approval(
  definition: Parts,
  sequence: number,
  packageId?: string,
): peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs {
  const source = new lifecycle.ChaincodeSource();
  if (packageId === undefined) source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
  else {
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId);
    source.setLocalPackage(local);
  }
  const message = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  message.setName(definition.name);
  message.setVersion(definition.version);
  message.setSequence(sequence);
  message.setEndorsementPlugin('escc');
  message.setValidationPlugin('vscc');
  message.setValidationParameter(applicationPolicy(definition.endorsementPolicy));
  message.setCollections(new peer.CollectionConfigPackage());
  message.setSource(source);
  return message;
}

/** What the channel agrees on. */
export function commitment(
  definition: Parts,
  sequence: number,
): peer.lifecycle.CommitChaincodeDefinitionArgs {
  const message = new lifecycle.CommitChaincodeDefinitionArgs();
  message.setName(definition.name);
  message.setVersion(definition.version);
  message.setSequence(sequence);
  message.setEndorsementPlugin('escc');
  message.setValidationPlugin('vscc');
  message.setValidationParameter(applicationPolicy(definition.endorsementPolicy));
  message.setCollections(new peer.CollectionConfigPackage());
  return message;
}

/** Installs a package at the peer that a person is connected to; no transaction. */
export async function install(administrator: Person, packageBytes: Uint8Array): Promise<void> {
  const args = new lifecycle.InstallChaincodeArgs();
  args.setChaincodeInstallPackage(packageBytes);
  const { certificatePem, privateKeyPem } = administrator.identity;
  const { signed } = proposal({
    creator: new Signer(administrator.mspId, certificatePem, privateKeyPem),
    channel: '',
    chaincode: '_lifecycle',
    args: ['InstallChaincode', args.serializeBinary()],
  });
  const outcome = await administrator.raw(
    '/protos.Endorser/ProcessProposal',
    signed.serializeBinary(),
  );
  if (!('result' in outcome)) throw new Error(`install: ${JSON.stringify(outcome)}`);
  const answer = peer.ProposalResponse.deserializeBinary(
    Buffer.from(String(outcome.result), 'hex'),
  );
  const response = answer.getResponse();
  if (response?.getStatus() !== common.Status.SUCCESS) {
    throw new Error(`install: ${response?.getMessage() ?? 'no response'}`);
  }
}

/** A transaction of the lifecycle chaincode. */
export async function lifecycleSubmit(
  person: Person,
  call: {
    readonly name: string;
    readonly argument: Uint8Array;
    readonly by: readonly string[];
    readonly channel?: string;
  },
): Promise<void> {
  const contract = person.network(call.channel).getContract('_lifecycle');
  await contract.submit(call.name, {
    arguments: [call.argument],
    endorsingOrganizations: call.by.map(mspId),
  });
}
