import { createHash } from 'node:crypto';
import {
  type Acknowledgement,
  chunkHeader,
  type IngestMessage,
  QuarantineEntry,
  splitCompositeKey,
} from '@pulseledger/domain';
import type { Operation } from '../../../local/src/cloud/queue/group-commit.ts';
import type { World } from './world.ts';

/** How a chunk may end: on the ledger, or in quarantine for this reason. */
export type End = string;
export const COMMITTED: End = 'committed';

/** A chunk that some device has made, or a message that an attacker has. */
interface Expected {
  readonly name: string;
  readonly deviceId: string;
  readonly ends: ReadonlySet<End>;
  /** In the durable outbox: its device has promised to bring it. */
  owed: boolean;
  /** The broker has promised to bring it. */
  taken: boolean;
  /** Its device has forgotten it. */
  removed: boolean;
  onLedger: boolean;
  readonly reasons: Set<string>;
}

/**
 * Keeps account from outside: what was promised, what became of it.
 *
 * - A reading in the outbox, and a reading whose PUBACK was sent, ends exactly once: on the ledger, or in quarantine under
 *   a reason that is right for it. Nothing else gets to either.
 * - Outbox and queue are custodians on their own: each may forget a reading only when it has ended; a PUBACK and an
 *   acknowledgement are given only for what is durable.
 */
export class Judge {
  readonly #world: World;
  readonly #expected = new Map<string, Expected>();
  readonly #durableBodies = new Set<string>();
  readonly #readings = new Set<string>();
  readonly #gone = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A chunk is about to be put into an outbox, or to be sent by somebody else. */
  expect(deviceId: string, bytes: Uint8Array, name: string, ends: readonly End[]): void {
    const expected: Expected = {
      name,
      deviceId,
      ends: new Set(ends),
      owed: false,
      taken: false,
      removed: false,
      onLedger: false,
      reasons: new Set(),
    };
    this.#expected.set(digestOf(deviceId, bytes), expected);
  }

  gone(deviceId: string): void {
    this.#gone.add(deviceId);
  }

  owed(deviceId: string, name: string): void {
    const expected = this.#named(deviceId, name);
    if (expected === undefined) this.#world.violated(`the outbox holds ${name}, which nobody made`);
    else expected.owed = true;
  }

  /** The outbox has forgotten a chunk for good. */
  removed(deviceId: string, name: string): void {
    const expected = this.#named(deviceId, name);
    if (expected === undefined) return;
    expected.removed = true;
    if (endOf(expected) === undefined) {
      this.#world.violated(`the outbox forgets ${this.#whole(expected)}, which has not ended`);
    }
  }

  /** PUBACK is sent. */
  taken(message: IngestMessage): void {
    const expected = this.#of(message);
    if (!this.#durableBodies.has(JSON.stringify(message))) {
      this.#world.violated('PUBACK for a message that is not durable');
    }
    if (expected !== undefined) expected.taken = true;
  }

  /** The device was told what became of its chunk. */
  answered(deviceId: string, acknowledgement: Acknowledgement): void {
    const { boot, firstSequence, status, reason = '' } = acknowledgement;
    const expected = this.#named(deviceId, `${boot}/${firstSequence}`);
    if (expected === undefined) return;
    const isTrue = status === 'committed' ? expected.onLedger : expected.reasons.has(reason);
    if (!isTrue)
      this.#world.violated(`${this.#whole(expected)} is said to be ${status}, which is not so`);
  }

  queueDurable(key: string, value: string): void {
    if (key.startsWith('b!ingest!')) this.#durableBodies.add(value);
    if (key.startsWith('b!quarantine!')) this.#quarantined(value);
  }

  /** The queue's log gets these; `before` is what was there. */
  queueApplied(operations: readonly Operation[], before: ReadonlyMap<string, string>): void {
    if (operations.some(({ type, key }) => type === 'put' && key.startsWith('b!ingest-dlq!'))) {
      this.#world.count('dead letters');
    }
    const moved = new Set(operations.flatMap((one) => (one.type === 'put' ? [one.value] : [])));
    for (const { type, key } of operations) {
      const body = key.startsWith('b!ingest') ? before.get(key) : undefined;
      if (body === undefined) continue;
      if (type === 'put') this.#overwritten(key, body, moved);
      else if (!moved.has(body) && !isHeldElsewhere(before, key, body)) this.#left(body);
    }
  }

  recorded(key: string, value: Uint8Array, before: Uint8Array | undefined): void {
    const parts = splitCompositeKey(key);
    if (parts?.objectType !== 'chunk') return;
    const { deviceId, boot, firstSequence, count } = chunkHeader(value);
    const expected = this.#expected.get(digestOf(deviceId, value));
    if (expected === undefined || !expected.ends.has(COMMITTED)) {
      this.#world.violated(`on the ledger, but not to be there: ${boot}/${firstSequence}`);
      return;
    }
    if (before !== undefined) this.#world.violated(`written twice: ${this.#whole(expected)}`);
    for (let at = 0; at < count; at++) {
      const reading = `${deviceId}/${boot}/${firstSequence + at}`;
      if (this.#readings.has(reading))
        this.#world.violated(`doubled on the ledger: ${this.#whole(expected)}`);
      this.#readings.add(reading);
    }
    expected.onLedger = true;
  }

  /** Has everything that was promised ended? */
  isSettled(): boolean {
    for (const one of this.#expected.values()) if (this.#isOpen(one)) return false;
    return true;
  }

  /** What was promised and has not ended, or is still in an outbox. */
  open(): string[] {
    return [...this.#expected.values()]
      .filter((one) => this.#isOpen(one))
      .map((one) => `${this.#whole(one)} (${[...one.ends].join(' or ')} expected)`);
  }

  /** At the end: each has ended in one way, and in the right one. */
  conclude(): void {
    for (const one of this.#expected.values()) {
      const found = [...one.reasons, ...(one.onLedger ? [COMMITTED] : [])];
      // Two reasons can both be right: what is refused for its clock may later be refused because its device is lost.
      if (one.onLedger && found.length > 1)
        this.#world.violated(`${this.#whole(one)} ended as ${found.join(' and ')}`);
      for (const end of found) {
        if (!one.ends.has(end)) this.#world.violated(`${this.#whole(one)} ended as ${end}`);
      }
    }
    for (const name of this.open()) this.#world.violated(`never ended: ${name}`);
  }

  #isOpen(one: Expected): boolean {
    const ended = endOf(one) !== undefined;
    if (one.taken && !ended) return true;
    return one.owed && !this.#gone.has(one.deviceId) && !(ended && one.removed);
  }

  #quarantined(value: string): void {
    const { reason, message } = QuarantineEntry.parse(JSON.parse(value));
    const expected = this.#of(message);
    if (expected === undefined)
      this.#world.violated(`in quarantine, but sent by nobody: ${reason}`);
    else expected.reasons.add(reason);
  }

  #overwritten(key: string, body: string, moved: ReadonlySet<string>): void {
    if (!moved.has(body)) this.#world.violated(`${key} overwrites a message`);
  }

  #left(body: string): void {
    const expected = this.#of(JSON.parse(body) as IngestMessage);
    if (expected !== undefined && endOf(expected) === undefined) {
      this.#world.violated(`the queue forgets ${this.#whole(expected)}, which has not ended`);
    }
  }

  #of({ clientId, payload }: IngestMessage): Expected | undefined {
    return this.#expected.get(digestOf(clientId, Buffer.from(payload, 'base64')));
  }

  /** The latest chunk of that name: two of one name are found at the ledger. */
  #named(deviceId: string, name: string): Expected | undefined {
    const found = [...this.#expected.values()].filter(
      (one) => one.deviceId === deviceId && one.name === name,
    );
    return found.at(-1);
  }

  #whole({ deviceId, name }: Expected): string {
    return `chunk ${name} of device ${deviceId.slice(0, 2)}`;
  }
}

/** A message that a person sends again is for a moment there twice. */
function isHeldElsewhere(held: ReadonlyMap<string, string>, key: string, body: string): boolean {
  for (const [other, value] of held) if (other !== key && value === body) return true;
  return false;
}

function endOf({ onLedger, reasons }: Expected): End | undefined {
  return onLedger ? COMMITTED : [...reasons][0];
}

function digestOf(deviceId: string, bytes: Uint8Array): string {
  return `${deviceId} ${createHash('sha256').update(bytes).digest('base64')}`;
}
