import type { peer } from '@hyperledger/fabric-protos';
import type { Channel, Channels } from '../channel/channel.ts';
import { NotThereError } from '../lifecycle/errors.ts';
import type { InstalledPackages } from '../lifecycle/installed-packages.ts';
import { LIFECYCLE_NAMESPACE, LifecycleState } from '../lifecycle/lifecycle-state.ts';
import type { Msp } from '../msp/msp.ts';
import { parseSerialized } from '../msp/msp-manager.ts';
import {
  ADMINISTRATORS_FUNCTIONS,
  type LifecycleCall,
  type Reference,
  WRITERS_FUNCTIONS,
} from './lifecycle-functions.ts';
import {
  creatorOf,
  refusal,
  type SystemCall,
  type SystemChaincode,
  success,
  text,
} from './system-chaincode.ts';

const NOT_FOUND = 404;
const WRITERS = '/Channel/Application/Writers';

export interface LifecycleOptions {
  /** The MSP of the peer's organization. */
  readonly msp: Msp;
  /** The peer's channels. */
  readonly channels: Channels;
  readonly packages: InstalledPackages;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** _lifecycle: packages, approvals and definitions (core/chaincode/lifecycle/scc.go). */
export class LifecycleChaincode implements SystemChaincode {
  readonly name: string = LIFECYCLE_NAMESPACE;
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  async invoke({ args, parameters }: SystemCall): Promise<peer.Response> {
    const [name, input = new Uint8Array()] = [text(args[0]), args[1]];
    if (args.length === 0) return refusal('lifecycle scc must be invoked with arguments');
    if (args.length !== 2) {
      return refusal(
        `lifecycle scc operations require exactly two arguments but received ${args.length}`,
      );
    }
    const channel = this.#options.channels.get(parameters.channel);
    const denied = this.#deny(name, parameters.signedProposal, parameters.channel, channel);
    if (denied !== undefined) {
      return refusal(`Failed to authorize invocation due to failed ACL check: ${denied}`);
    }
    const run = ADMINISTRATORS_FUNCTIONS.get(name) ?? WRITERS_FUNCTIONS.get(name);
    if (run === undefined) return refusal(`Unmapped policy for ${this.name}/${name}`);
    try {
      return success(await run(this.#call(parameters, channel), input));
    } catch (error) {
      if (error instanceof NotThereError) return refusal(error.message, NOT_FOUND);
      return refusal(`failed to invoke backing implementation of '${name}': ${reasonOf(error)}`);
    }
  }

  #call({ simulator }: SystemCall['parameters'], channel: Channel | undefined): LifecycleCall {
    const { packages, msp } = this.#options;
    const isOn = channel !== undefined && simulator !== undefined;
    return {
      mspId: msp.mspId,
      packages,
      channel: isOn
        ? {
            definitions: channel.definitions,
            state: new LifecycleState(simulator, channel.definitions.base),
          }
        : undefined,
      references: (packageId) => this.#references(packageId),
    };
  }

  #references(packageId: string): ReadonlyMap<string, readonly Reference[]> {
    const found = new Map<string, readonly Reference[]>();
    for (const { name, definitions } of this.#options.channels.values()) {
      const running = definitions.names.filter(
        (chaincode) => definitions.own(this.#options.msp.mspId, chaincode).packageId === packageId,
      );
      if (running.length === 0) continue;
      found.set(
        name,
        running.map((chaincode) => ({
          name: chaincode,
          version: definitions.chaincode(chaincode)?.version ?? '',
        })),
      );
    }
    return found;
  }

  #deny(
    name: string,
    signed: peer.SignedProposal,
    channelName: string,
    channel: Channel | undefined,
  ): string | undefined {
    const identity = creatorOf(signed);
    if (ADMINISTRATORS_FUNCTIONS.has(name)) return this.#denyAdministrator(identity);
    if (!WRITERS_FUNCTIONS.has(name)) return `Unmapped policy for ${this.name}/${name}`;
    if (channelName === '') return this.#denyWriter(identity);
    if (channel === undefined) return `Failed to get policy manager for channel [${channelName}]`;
    const data = signed.getProposalBytes_asU8();
    const signature = signed.getSignature_asU8();
    return channel.policies.refuseAccess(channel.name, WRITERS, { data, identity, signature });
  }

  /** The peer's own MSP decides, whatever the channel (core/policy/policy.go CheckPolicyNoChannel). */
  #denyAdministrator(identity: Uint8Array): string | undefined {
    const { msp } = this.#options;
    const { mspId: own } = msp;
    const { pem } = parseSerialized(identity);
    const stranger = this.#denyStranger(identity, 'Admins');
    if (stranger !== undefined) return stranger;
    if (msp.identity(pem).satisfies({ mspId: own, role: 'admin' })) return undefined;
    return `Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy [Admins]: [The identity is not an admin under this MSP [${own}]: The identity does not contain OU [ADMIN], MSP: [${own}]]`;
  }
  /** There are no writers of no channel. */
  #denyWriter(identity: Uint8Array): string {
    return (
      this.#denyStranger(identity, WRITERS) ??
      `Failed getting local MSP principal during channelless check policy with policy [${WRITERS}]: [MSP Principal role [${WRITERS}] not recognized]`
    );
  }

  #denyStranger(identity: Uint8Array, policy: string): string | undefined {
    const { mspId: own } = this.#options.msp;
    const { mspId } = parseSerialized(identity);
    if (mspId === own) return undefined;
    return `Failed deserializing proposal creator during channelless check policy with policy [${policy}]: [expected MSP ID ${own}, received ${mspId}]`;
  }
}
