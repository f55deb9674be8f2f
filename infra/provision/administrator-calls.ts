import { createHash, randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { subjectCommitment } from '@pulseledger/domain';
import type { OrganizationDefinition } from '@pulseledger/network/definition';
import {
  administratorEnvironment,
  anOrderer,
  type FabricTools,
  firstPeers,
  reach,
} from '@pulseledger/network/fabric/channel';
import type { Layout } from '@pulseledger/network/fabric/render';
import {
  issueUser,
  MAX_USER_MINUTES,
  organizationKeys,
  readCertifiedKey,
} from '@pulseledger/network/identity';
import { PROGRAMS } from '../lib/fabric/host-scripts.ts';
import { administratorSecretName } from '../lib/names.ts';
import { administratorFiles } from './administrators.ts';
import type { Edges } from './edges.ts';
import type { KeyFiles } from './key-store.ts';
import { asAdministrator } from './machine-scripts.ts';
import type { ContractCalls } from './record-settings.ts';

export interface AdministratorCallsOptions {
  readonly edges: Edges;
  readonly tools: FabricTools;
  readonly layout: Layout;
  /** Where the keys of all organizations are here. */
  readonly keysFolder: string;
  readonly organization: OrganizationDefinition;
}

type Peer = Layout['peers'][number];

const TRANSIENT_FILE = 'transient.json';
const ID_BYTES = 16;
const COMMIT_SECONDS = 60;

/**
 * Calls of the contract as a person who administers an organization, by `peer` on the machine of the organization's first
 * peer. The person's certificate is made for it, is valid for minutes, and names nobody. It goes to the machine in the
 * organization's secret of administrators, and so does what is given to the contract: neither stands in a command.
 */
export class AdministratorCalls implements ContractCalls {
  readonly #options: AdministratorCallsOptions;
  #person: Promise<{ files: KeyFiles; subject: string }> | undefined;

  constructor(options: AdministratorCallsOptions) {
    this.#options = options;
  }

  /** @throws MachineCommandError with the contract's words when it refuses. */
  readonly submit = async (
    name: string,
    input: string,
    endorsers: 'own' | 'all',
  ): Promise<void> => {
    const { layout, tools } = this.#options;
    const peer = this.#peer();
    const asked = endorsers === 'own' ? [peer] : this.#providers();
    // It ends well only when every peer that endorsed has committed the transaction as valid.
    await this.#run(peer, 'invoke', input, [
      ...this.#call(name),
      ...reach(layout, await anOrderer(layout, tools, peer)),
      ...asked.flatMap(({ grpc, organization }) => [
        `--peerAddresses=${grpc.host}:${grpc.port}`,
        `--tlsRootCertFiles=${layout.keysOf(organization).authority.tls.certificateFile}`,
      ]),
      '--waitForEvent',
      `--waitForEventTimeout=${COMMIT_SECONDS}s`,
    ]);
  };

  /** @throws MachineCommandError with the contract's words when it refuses. */
  readonly evaluate = (name: string, input: string): Promise<string> =>
    this.#run(this.#peer(), 'query', input, this.#call(name));

  #call(name: string): string[] {
    const { channel, chaincode } = this.#options.layout.definition;
    const constructor = JSON.stringify({ Args: [name] });
    return [`--channelID=${channel}`, `--name=${chaincode.name}`, `--ctor=${constructor}`];
  }

  #providers(): Peer[] {
    return firstPeers(this.#options.layout).filter(({ organization }) => organization.provider);
  }

  #peer(): Peer {
    const { name } = this.#options.organization;
    const peer = this.#providers().find(({ organization }) => organization.name === name);
    if (peer === undefined) throw new RangeError(`${name} is no provider with a peer.`);
    return peer;
  }

  async #run(
    peer: Peer,
    verb: 'invoke' | 'query',
    input: string,
    args: readonly string[],
  ): Promise<string> {
    const { edges, layout, organization } = this.#options;
    const { commands, secrets } = edges.of(organization.name);
    const secret = administratorSecretName(organization.name);
    this.#person ??= this.#makePerson();
    const { files, subject } = await this.#person;
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const given = JSON.stringify({ input: base64(input), subject: base64(subject) });
    await secrets.write(secret, JSON.stringify({ files: { ...files, [TRANSIENT_FILE]: given } }));
    const script = asAdministrator({
      secret: secrets.nameOf(secret),
      files: {},
      environment: administratorEnvironment(layout, peer),
      command: [`${PROGRAMS}/bin/peer`, 'chaincode', verb, ...args],
      transientFile: TRANSIENT_FILE,
    });
    return commands.run(peer.host, `peer chaincode ${verb}`, script);
  }

  /** The files of the network's administrator with a person's key and certificate in their place. */
  async #makePerson(): Promise<{ files: KeyFiles; subject: string }> {
    const { keysFolder, layout, organization } = this.#options;
    const { authority, administrator } = organizationKeys(keysFolder, organization.name);
    const [id, saltHex] = [ID_BYTES, ID_BYTES].map((length) => randomBytes(length).toString('hex'));
    const subject = { id: id ?? '', saltHex: saltHex ?? '' };
    const { certificatePem, privateKeyPem } = issueUser({
      issuer: await readCertifiedKey(authority.issuing),
      role: 'administrator',
      subjectCommitment: subjectCommitment(subject.id, subject.saltHex, sha256),
      minutes: MAX_USER_MINUTES,
    });
    const { certificateFile, keyFile } = administrator.identity;
    const files = {
      ...(await administratorFiles(keysFolder, layout.definition, organization.name)),
      [relative(keysFolder, certificateFile)]: certificatePem,
      [relative(keysFolder, keyFile)]: privateKeyPem,
    };
    return { files, subject: JSON.stringify(subject) };
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
