import { gateway, type peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';
import { CommitNotifier } from './commit-notifier.ts';
import type { GatewayContext } from './context.ts';
import { readProposal } from './proposal-request.ts';

/** A gateway's part in one channel. */
export interface GatewayChannel {
  readonly context: GatewayContext;
  readonly notifier: CommitNotifier;
}

/** One organization's gateway: a context for each of its channels. */
export class GatewayChannels {
  readonly #first: GatewayChannel;
  readonly #byName: ReadonlyMap<string, GatewayChannel>;

  /** @param contexts of the organization's channels; it has one at least. */
  constructor(contexts: readonly [GatewayContext, ...GatewayContext[]]) {
    const all = contexts.map((context) => ({
      context,
      notifier: new CommitNotifier(context.ledger),
    }));
    const [context] = contexts;
    this.#first = all[0] ?? { context, notifier: new CommitNotifier(context.ledger) };
    this.#byName = new Map(all.map((one) => [one.context.channel, one]));
  }

  /** Of a channel that is not there any context: each refuses all others. */
  of(channel: string): GatewayChannel {
    return this.#byName.get(channel) ?? this.#first;
  }

  ofProposal(signed: peer.SignedProposal | undefined): GatewayChannel {
    if (signed === undefined || this.#byName.size === 1) return this.#first;
    try {
      return this.of(readProposal(signed).channel);
    } catch {
      // What is no proposal is refused by whoever looks at it next.
      return this.#first;
    }
  }

  ofStatusRequest(signed: gateway.SignedCommitStatusRequest): GatewayChannel {
    const request = readOr(signed.getRequest_asU8(), gateway.CommitStatusRequest);
    return this.of(request?.getChannelId() ?? '');
  }

  ofEventsRequest(signed: gateway.SignedChaincodeEventsRequest): GatewayChannel {
    const request = readOr(signed.getRequest_asU8(), gateway.ChaincodeEventsRequest);
    return this.of(request?.getChannelId() ?? '');
  }

  close(): void {
    for (const { notifier } of this.#byName.values()) notifier.close();
  }
}
