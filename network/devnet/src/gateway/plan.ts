import { peer } from '@hyperledger/fabric-protos';
import type { Layout } from './discovery.ts';
import type { ErrorDetail } from './errors.ts';
import { type Answer, errorDetail, type GatewayPeer } from './peers.ts';

/** What endorsers agreed on. */
export interface Endorsed {
  readonly responsePayload: Uint8Array;
  readonly endorsements: readonly peer.Endorsement[];
}

/**
 * Collects endorsements until one of several layouts is complete (internal/pkg/gateway/endorsement.go). An organization that
 * failed takes all layouts with it out of the plan.
 */
export class EndorsementPlan {
  readonly #layouts: readonly Layout[];
  readonly #endorsements = new Map<GatewayPeer, peer.Endorsement>();
  readonly #failed = new Set<GatewayPeer>();
  readonly #errors: ErrorDetail[] = [];
  #responsePayload: Uint8Array | undefined;

  constructor(layouts: readonly Layout[]) {
    this.#layouts = layouts;
  }

  get errors(): readonly ErrorDetail[] {
    return this.#errors;
  }

  /** Takes a peer's answer to the proposal. */
  add(target: GatewayPeer, answer: Answer): void {
    if (answer.kind === 'failed') {
      this.#fail(target, answer.message);
      return;
    }
    const payload = answer.response.getPayload_asU8();
    this.#responsePayload ??= payload;
    const endorsement = answer.response.getEndorsement() ?? new peer.Endorsement();
    if (Buffer.compare(this.#responsePayload, payload) === 0) {
      this.#endorsements.set(target, endorsement);
    } else {
      this.#fail(target, 'ProposalResponsePayloads do not match');
    }
  }

  /**
   * Asks peers, layout by layout, until one is complete.
   *
   * @returns undefined when none can be completed.
   */
  async collect(ask: (target: GatewayPeer) => Promise<Answer>): Promise<Endorsed | undefined> {
    for (;;) {
      const layout = this.#layouts.find((l) => l.every((target) => !this.#failed.has(target)));
      if (layout === undefined) return undefined;
      const missing = layout.filter((target) => !this.#endorsements.has(target));
      if (missing.length === 0) return this.#endorsed(layout);
      await Promise.all(
        missing.map(async (target) => {
          this.add(target, await ask(target));
        }),
      );
    }
  }

  #endorsed(layout: Layout): Endorsed {
    return {
      responsePayload: this.#responsePayload ?? new Uint8Array(),
      endorsements: layout.flatMap((target) => this.#endorsements.get(target) ?? []),
    };
  }

  #fail(target: GatewayPeer, message: string): void {
    this.#failed.add(target);
    this.#errors.push(errorDetail(target, message));
  }
}
