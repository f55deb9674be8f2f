import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { common, peer } from '@hyperledger/fabric-protos';
import { startChaincodeService } from '@pulseledger/network/chaincode-service';
import { Signer } from '../../network/devnet/src/msp/signer.ts';
import { proposal } from '../../network/devnet/src/testing/messages.ts';
import { chaincodePackage, packageId } from '../../network/fabric/src/render/chaincode-package.ts';
import { freePort } from './free-port.ts';
import { applicationPolicy } from './lifecycle.ts';
import { CHANNEL, failure, mspId, type Outcome, type Person } from './person.ts';
import { CHAINCODE_FOLDER } from './start-network.ts';
import type { Organization, Who, World } from './world.ts';

const { lifecycle } = peer;
const LIFECYCLE = '_lifecycle';
/** A peer tells the others of its chaincodes a little later. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/** What of a definition a row wants otherwise. */
export interface Wanted {
  readonly name?: string;
  readonly sequence?: number;
  readonly version?: string;
  /** Policy text; '' leaves it out. */
  readonly policy?: string;
  /** Bytes of the policy. */
  readonly policyBytes?: Uint8Array;
  readonly init?: boolean;
  readonly collections?: readonly peer.StaticCollectionConfig[];
  /** Leaves plugins out. */
  readonly noPlugins?: boolean;
  readonly packageId?: string | undefined;
  /** Says nothing of where it runs. */
  readonly noSource?: boolean;
}

interface DefinitionMessage {
  setName(name: string): void;
  setVersion(version: string): void;
  setSequence(sequence: number): void;
  setEndorsementPlugin(plugin: string): void;
  setValidationPlugin(plugin: string): void;
  setValidationParameter(policy: Uint8Array): void;
  setInitRequired(required: boolean): void;
  setCollections(collections: peer.CollectionConfigPackage): void;
}

const HOSPITAL_OR_CLINIC = "OR('HospitalMSP.peer','ClinicMSP.peer')";

function policyOf({ policy = HOSPITAL_OR_CLINIC, policyBytes }: Wanted): Uint8Array {
  return policyBytes ?? (policy === '' ? new Uint8Array() : applicationPolicy(policy));
}

function fill(message: DefinitionMessage, wanted: Wanted): void {
  message.setName(wanted.name ?? '');
  message.setVersion(wanted.version ?? '1.0');
  message.setSequence(wanted.sequence ?? 1);
  if (wanted.noPlugins !== true) {
    message.setEndorsementPlugin('escc');
    message.setValidationPlugin('vscc');
  }
  message.setValidationParameter(policyOf(wanted));
  message.setInitRequired(wanted.init ?? false);
  if (wanted.collections === undefined) return;
  const collections = new peer.CollectionConfigPackage();
  collections.setConfigList(
    wanted.collections.map((one) => {
      const config = new peer.CollectionConfig();
      config.setStaticCollectionConfig(one);
      return config;
    }),
  );
  message.setCollections(collections);
}

function sourceOf(id: string | undefined): peer.lifecycle.ChaincodeSource {
  const source = new lifecycle.ChaincodeSource();
  if (id === undefined) source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
  else {
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(id);
    source.setLocalPackage(local);
  }
  return source;
}

interface Told {
  getSequence(): number;
  getVersion(): string;
  getEndorsementPlugin(): string;
  getValidationPlugin(): string;
  getValidationParameter_asB64(): string;
  getInitRequired(): boolean;
  getCollections(): peer.CollectionConfigPackage | undefined;
}

/** How a row tells a definition. */
export function tellDefinition(found: Told): unknown {
  return {
    sequence: found.getSequence(),
    version: found.getVersion(),
    plugins: [found.getEndorsementPlugin(), found.getValidationPlugin()],
    policy: found.getValidationParameter_asB64(),
    init: found.getInitRequired(),
    collections: found
      .getCollections()
      ?.getConfigList()
      .map((one) => one.getStaticCollectionConfig()?.getName()),
  };
}

/** Go tells a map's entries in any order. */
function sortedEntries<T>(
  entries: readonly (readonly [string, T])[],
): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** An answer read from its bytes, or the refusal as it is. */
function read(outcome: Outcome, tell: (bytes: Uint8Array) => unknown): unknown {
  if (!('result' in outcome)) return outcome;
  return tell(Buffer.from(String(outcome.result), 'hex'));
}

/** What a peer answers to a proposal that is sent to it directly. */
export async function processProposal(
  person: Person,
  options: {
    readonly chaincode: string;
    readonly args: readonly (string | Uint8Array)[];
    readonly channel?: string;
    readonly isInit?: boolean;
  },
): Promise<Outcome> {
  const { certificatePem, privateKeyPem } = person.identity;
  const creator = new Signer(person.mspId, certificatePem, privateKeyPem);
  const { signed } = proposal({ creator, channel: CHANNEL, ...options });
  const outcome = await person.raw('/protos.Endorser/ProcessProposal', signed.serializeBinary());
  if (!('result' in outcome)) return outcome;
  const answer = peer.ProposalResponse.deserializeBinary(
    Buffer.from(String(outcome.result), 'hex'),
  );
  const response = answer.getResponse() ?? new peer.Response();
  const status = response.getStatus();
  if (status === common.Status.SUCCESS) {
    return { result: Buffer.from(response.getPayload_asU8()).toString('hex') };
  }
  return {
    result: {
      status,
      message: response.getMessage(),
      hasPayload: answer.getPayload_asU8().length > 0,
    },
  };
}

/** A chaincode of a row's own, from package to commit. */
export class Deployment {
  readonly name: string;
  readonly channel: string;
  readonly #world: World;

  constructor(world: World, name = 'cc', channel: string = CHANNEL) {
    this.#world = world;
    this.name = `${world.prefix.slice(0, -1)}-${name}`;
    this.channel = channel;
  }

  administrator(of: Organization, at: Organization = of): Promise<Person> {
    return this.#world.person({ of, at, node: 'administrator' });
  }

  /** A transaction of _lifecycle; `by` undefined lets the gateway find its endorsers. */
  async submit(
    who: Who,
    call: readonly [string, Uint8Array],
    by: readonly Organization[] | undefined,
  ): Promise<Outcome> {
    const person = await this.#world.person(who);
    const request = { chaincode: LIFECYCLE, channel: this.channel, call };
    const settle = (id: string): Promise<void> => this.#settle(id);
    return person.submit(by === undefined ? request : { ...request, by }, settle);
  }

  /** A question to _lifecycle at an organization's own peer: the bytes of the answer in hex. */
  async ask(who: Who, name: string, argument: Uint8Array): Promise<Outcome> {
    const person = await this.#world.person(who);
    const by = [who.at ?? who.of];
    const request = { chaincode: LIFECYCLE, channel: this.channel, call: [name, argument], by };
    try {
      const bytes = await person.proposal(request).evaluate();
      return { result: Buffer.from(bytes).toString('hex') };
    } catch (error) {
      return failure(error);
    }
  }

  approval(wanted: Wanted = {}): Uint8Array {
    const message = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
    fill(message, { name: this.name, ...wanted });
    if (wanted.noSource !== true) message.setSource(sourceOf(wanted.packageId));
    return message.serializeBinary();
  }

  commitment(wanted: Wanted = {}): Uint8Array {
    const message = new lifecycle.CommitChaincodeDefinitionArgs();
    fill(message, { name: this.name, ...wanted });
    return message.serializeBinary();
  }

  approve(of: Organization, wanted: Wanted = {}): Promise<Outcome> {
    const call = ['ApproveChaincodeDefinitionForMyOrg', this.approval(wanted)] as const;
    return this.submit({ of, node: 'administrator' }, call, [of]);
  }

  commit(
    wanted: Wanted = {},
    by: readonly Organization[] = ['hospital', 'clinic'],
  ): Promise<Outcome> {
    const call = ['CommitChaincodeDefinition', this.commitment(wanted)] as const;
    return this.submit({ of: 'hospital', node: 'administrator' }, call, by);
  }

  /** Approved by hospital and clinic, and committed. */
  async define(wanted: Wanted = {}): Promise<unknown> {
    return {
      hospital: await this.approve('hospital', wanted),
      clinic: await this.approve('clinic', { ...wanted, packageId: undefined }),
      commit: await this.commit(wanted),
    };
  }

  async readiness(of: Organization, wanted: Wanted = {}): Promise<unknown> {
    const message = new lifecycle.CheckCommitReadinessArgs();
    fill(message, { name: this.name, ...wanted });
    const who: Who = { of, node: 'administrator' };
    return read(await this.ask(who, 'CheckCommitReadiness', message.serializeBinary()), (bytes) => {
      const found = lifecycle.CheckCommitReadinessResult.deserializeBinary(bytes);
      const mismatches = found
        .getMismatchesMap()
        .toArray()
        .map(([id, items]) => [id, (items as unknown as [string[]])[0]] as const);
      return {
        approvals: sortedEntries(found.getApprovalsMap().toObject()),
        mismatches: sortedEntries(mismatches),
      };
    });
  }

  async approved(of: Organization, sequence = 0): Promise<unknown> {
    const message = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
    message.setName(this.name);
    message.setSequence(sequence);
    const who: Who = { of, node: 'administrator' };
    const outcome = await this.ask(
      who,
      'QueryApprovedChaincodeDefinition',
      message.serializeBinary(),
    );
    return read(outcome, (bytes) => {
      const found = lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(bytes);
      const source = found.getSource()?.toObject();
      return { definition: tellDefinition(found), source };
    });
  }

  /** All approvals of an organization that are this deployment's. */
  async allApproved(of: Organization): Promise<unknown> {
    const outcome = await this.ask(
      { of, node: 'administrator' },
      'QueryApprovedChaincodeDefinitions',
      new Uint8Array(),
    );
    return read(outcome, (bytes) =>
      lifecycle.QueryApprovedChaincodeDefinitionsResult.deserializeBinary(bytes)
        .getApprovedChaincodeDefinitionsList()
        .filter((found) => found.getName().startsWith(this.name))
        .map((found) => ({
          name: found.getName(),
          definition: tellDefinition(found),
          source: found.getSource()?.toObject(),
        }))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    );
  }

  async definition(of: Organization): Promise<unknown> {
    const message = new lifecycle.QueryChaincodeDefinitionArgs();
    message.setName(this.name);
    const who: Who = { of, node: 'administrator' };
    return read(
      await this.ask(who, 'QueryChaincodeDefinition', message.serializeBinary()),
      (bytes) => {
        const found = lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes);
        return {
          definition: tellDefinition(found),
          approvals: sortedEntries(found.getApprovalsMap().toObject()),
        };
      },
    );
  }

  /** Installs a package at an organization's peer, without a channel. */
  async install(of: Organization, bytes: Uint8Array): Promise<unknown> {
    const args = new lifecycle.InstallChaincodeArgs();
    args.setChaincodeInstallPackage(bytes);
    const outcome = await processProposal(await this.administrator(of), {
      chaincode: LIFECYCLE,
      channel: '',
      args: ['InstallChaincode', args.serializeBinary()],
    });
    if (!('result' in outcome) || typeof outcome.result !== 'string') return outcome;
    return read(outcome, (answer) =>
      lifecycle.InstallChaincodeResult.deserializeBinary(answer).toObject(),
    );
  }

  /** A process that serves the probe chaincode under a package of its own; stopped with the row. */
  async serve(
    label = `${this.name}_1.0`,
  ): Promise<{ readonly bytes: Uint8Array; readonly id: string }> {
    const address = `127.0.0.1:${await freePort()}`;
    const bytes = chaincodePackage(label, address);
    const id = packageId(label, bytes);
    const dir = await mkdtemp(join(tmpdir(), 'conformance-service-'));
    const service = await startChaincodeService({
      address,
      chaincodeId: id,
      logFile: join(dir, 'chaincode.log'),
      folder: CHAINCODE_FOLDER,
    });
    this.#world.onClose(async () => {
      await service.stop();
      await rm(dir, { recursive: true });
    });
    this.#world.name(id, '<package>');
    return { bytes, id };
  }

  /** Evaluates until an organization's peer knows of the chaincode. */
  async evaluate(of: Organization, script: readonly (readonly string[])[]): Promise<Outcome> {
    const call = ['run', JSON.stringify(script)];
    const person = await this.#world.person(of);
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const outcome = await person.evaluate({ chaincode: this.name, channel: this.channel, call });
      const isEarly = JSON.stringify(outcome).includes('no peers available to evaluate');
      if (!isEarly || Date.now() > until) return outcome;
      await delay(PAUSE_MS);
    }
  }

  async #settle(id: string): Promise<void> {
    const members: readonly Organization[] =
      this.channel === CHANNEL ? ['hospital', 'clinic', 'insurer'] : ['hospital', 'clinic'];
    await Promise.all(
      members.map(async (at) => {
        const person = await this.#world.person({ of: 'hospital', at });
        await person.commitOf(id, this.channel).getStatus();
      }),
    );
  }
}

/** A collection's configuration. */
export function collection(
  name: string,
  members: readonly string[],
  change: (config: peer.StaticCollectionConfig) => void = () => undefined,
): peer.StaticCollectionConfig {
  const config = new peer.StaticCollectionConfig();
  config.setName(name);
  const text = `OR(${members.map((member) => `'${mspId(member)}.member'`).join(',')})`;
  const policy = peer.ApplicationPolicy.deserializeBinary(applicationPolicy(text));
  const memberPolicy = new peer.CollectionPolicyConfig();
  memberPolicy.setSignaturePolicy(policy.getSignaturePolicy());
  config.setMemberOrgsPolicy(memberPolicy);
  config.setMaximumPeerCount(1);
  change(config);
  return config;
}
