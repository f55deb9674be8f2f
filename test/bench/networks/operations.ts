import { createPrivateKey } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { type Contract, connect, type Gateway, hash, signers } from '@hyperledger/fabric-gateway';
import { type ConnectionProfile, joinChunks, PROVIDER_MSP_IDS } from '@pulseledger/domain';
import type { CertifiedKey } from '@pulseledger/ledger';
import type { Wearable } from '../wearables.ts';

const WINDOW_SECONDS = 10;

/** What is measured, as a client of Fabric does it. Each answers its time in milliseconds, by name. */
export class Operations {
  readonly #grpc: Client;
  readonly #gateway: Gateway;
  readonly #contract: Contract;

  constructor(profile: ConnectionProfile, identity: CertifiedKey) {
    const { endpoint, serverName, tlsRootCertificatePem } = profile.organizations.hospital;
    this.#grpc = new Client(endpoint, credentials.createSsl(Buffer.from(tlsRootCertificatePem)), {
      'grpc.ssl_target_name_override': serverName,
    });
    this.#gateway = connect({
      client: this.#grpc,
      identity: { mspId: identity.mspId, credentials: Buffer.from(identity.certificatePem) },
      signer: signers.newPrivateKeySigner(createPrivateKey(identity.privateKeyPem)),
      hash: hash.sha256,
    });
    this.#contract = this.#gateway.getNetwork(profile.channel).getContract(profile.chaincode);
  }

  /** Two organizations simulate and sign; nothing is submitted. */
  async endorse(wearable: Wearable): Promise<void> {
    await this.#proposal(wearable).endorse();
  }

  /** One peer answers a query. */
  async evaluate(wearable: Wearable): Promise<void> {
    const input = JSON.stringify({ deviceId: wearable.deviceId, atMs: Date.now() });
    await this.#contract.evaluate('device:Status', {
      transientData: { input },
      endorsingOrganizations: [PROVIDER_MSP_IDS[0] ?? ''],
    });
  }

  /** From the proposal until the commit is known; answers how long it was under way after its endorsement. */
  async submit(wearable: Wearable): Promise<number> {
    const transaction = await this.#proposal(wearable).endorse();
    const endorsed = performance.now();
    const commit = await transaction.submit();
    const { successful, code } = await commit.getStatus();
    if (!successful) throw new Error(`A transaction got the code ${code}.`);
    return performance.now() - endorsed;
  }

  close(): void {
    this.#gateway.close();
    this.#grpc.close();
  }

  #proposal(wearable: Wearable): ReturnType<Contract['newProposal']> {
    return this.#contract.newProposal('vitals:RecordChunks', {
      transientData: { chunks: joinChunks([wearable.nextWindow(WINDOW_SECONDS).bytes]) },
      endorsingOrganizations: [...PROVIDER_MSP_IDS],
    });
  }
}
