import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { type Contract, connect, type Gateway, hash, signers } from '@hyperledger/fabric-gateway';
import { organizationNamed } from '../../../definition/src/index.ts';
import { type CertifiedKey, issueUser, readAuthority } from '../../../identity/src/index.ts';
import type { LocalLayout } from '../local-layout.ts';
import { type PeerPlace, text } from '../render/layout.ts';

const MINUTES = 15;
const DEADLINE_MS = 20_000;

/** Who asks. */
export interface User extends CertifiedKey {
  readonly mspId: string;
}

/** Clients of a network under test; all are closed together. */
export class Clients {
  readonly #layout: () => LocalLayout;
  #open: { gateway: Gateway; client: Client }[] = [];

  constructor(layout: () => LocalLayout) {
    this.#layout = layout;
  }

  peer(host: string): PeerPlace {
    const found = this.#layout().peers.find((p) => p.host === host);
    if (found === undefined) throw new RangeError(`no peer ${host}`);
    return found;
  }

  /** A nurse's short-lived identity. */
  async nurse(organization: string): Promise<User> {
    const { definition, placement } = this.#layout();
    const { keysFolder } = placement;
    const { mspId } = organizationNamed(definition, organization);
    const issued = issueUser({
      issuer: await readAuthority(keysFolder, organization, 'issuing'),
      role: 'nurse',
      subjectCommitment: '00'.repeat(32),
      minutes: MINUTES,
    });
    return { ...issued, mspId };
  }

  /** The gateway of that peer, asked by that user or by a fresh nurse of its organization. */
  async gateway(host: string, user?: User): Promise<Gateway> {
    const layout = this.#layout();
    const peer = this.peer(host);
    const { certificatePem, privateKeyPem, mspId } =
      user ?? (await this.nurse(peer.organization.name));
    const { certificateFile } = layout.keysOf(peer.organization).authority.tls;
    const client = new Client(
      text(peer.grpc),
      credentials.createSsl(await readFile(certificateFile)),
      { 'grpc.ssl_target_name_override': peer.host },
    );
    const options = (): { deadline: number } => ({ deadline: Date.now() + DEADLINE_MS });
    const gateway = connect({
      client,
      identity: { mspId, credentials: Buffer.from(certificatePem) },
      signer: signers.newPrivateKeySigner(createPrivateKey(privateKeyPem)),
      hash: hash.sha256,
      evaluateOptions: options,
      endorseOptions: options,
      submitOptions: options,
      commitStatusOptions: options,
    });
    this.#open.push({ gateway, client });
    return gateway;
  }

  async contract(host: string, user?: User): Promise<Contract> {
    const { channel, chaincode } = this.#layout().definition;
    return (await this.gateway(host, user)).getNetwork(channel).getContract(chaincode.name);
  }

  /** What that peer itself answers. */
  async ask(host: string, name: string, ...args: string[]): Promise<string> {
    const contract = await this.contract(host);
    const { mspId } = this.peer(host).organization;
    const options = { arguments: args, endorsingOrganizations: [mspId] };
    return Buffer.from(await contract.evaluate(name, options)).toString();
  }

  close(): void {
    for (const { gateway, client } of this.#open) {
      gateway.close();
      client.close();
    }
    this.#open = [];
  }
}
