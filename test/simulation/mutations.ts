import type { Mutation } from './bundle.ts';

/** A bug that the simulation must find, within so many seeds from 1 on. */
export interface PlantedBug extends Mutation {
  readonly within: number;
}

const QUEUE = 'local/src/cloud/queue';
const DEVICE = 'device-simulator/src/device';
const INGEST = 'lambdas/ingest/src';

/** Bugs of the kind that lose or double a reading, each one place of the production code. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'PUBACK before the message is on disk',
    file: `${QUEUE}/message-store.ts`,
    find: 'return this.#commit.durably(this.insertion(sequence, state, body));',
    replace: 'return this.#commit.lazily(this.insertion(sequence, state, body));',
    within: 100,
  },
  {
    name: 'a queue that is opened again numbers its messages from the beginning',
    file: `${QUEUE}/durable-queue.ts`,
    find: 'queue.#nextSequence = sequence + 1;',
    replace: '',
    within: 300,
  },
  {
    name: 'messages are deleted before the function has run',
    file: 'local/src/lambda-host/event-source-mapping.ts',
    find: 'const failed = await this.#failedOf(batch);',
    replace: 'await queue.delete(batch); const failed = await this.#failedOf(batch);',
    within: 100,
  },
  {
    name: 'partial failures are swallowed',
    file: 'local/src/lambda-host/event-source-mapping.ts',
    find: 'return [...failed].every((id) => all.has(id)) ? failed : all;',
    replace: 'return new Set();',
    within: 100,
  },
  {
    name: 'a failed invocation counts as success',
    file: 'local/src/lambda-host/event-source-mapping.ts',
    find: "this.#options.logger.log('error', 'invocation_failed', { code: errorCode(error) });\n      return all;",
    replace: 'return new Set();',
    within: 300,
  },
  {
    name: 'acknowledged before the commit',
    file: `${INGEST}/ingest.ts`,
    find: 'const report = await record(chunks, ports);',
    replace:
      "for (const { header } of chunks) void ports.acknowledge(header.deviceId, { ...named(header), status: 'committed' }).catch(() => undefined); const report = await record(chunks, ports);",
    within: 100,
  },
  {
    name: 'an unknown commit counts as committed',
    file: `${INGEST}/record-chunks.ts`,
    find: "      this.#judgeAll(load, { status: 'return' });\n    }\n  }\n\n  async #isolate",
    replace:
      "      this.#judgeAll(load, outcome?.status === 'unknown' ? { status: 'already', blockNumber: 0 } : { status: 'return' });\n    }\n  }\n\n  async #isolate",
    within: 300,
  },
  {
    name: 'an MVCC conflict counts as success',
    file: 'ledger/src/retry.ts',
    find: 'if (code === StatusCode.VALID) {',
    replace: 'if (code === StatusCode.VALID || code === StatusCode.MVCC_READ_CONFLICT) {',
    within: 300,
  },
  {
    name: 'the device is told before its chunk is in quarantine',
    file: `${INGEST}/ingest.ts`,
    find: 'await this.#ports.quarantine({',
    replace: 'void this.#ports.quarantine({',
    within: 300,
  },
  {
    name: 'the outbox forgets at PUBACK',
    file: `${DEVICE}/publisher.ts`,
    find: 'entry.takenAtMs ??= nowMs;',
    replace: 'entry.takenAtMs ??= nowMs; this.#outbox.remove(entry.chunk);',
    within: 100,
  },
  {
    name: 'a device that starts again keeps its boot number',
    file: `${DEVICE}/outbox.ts`,
    find: "const boot = row === undefined ? 1 : wholeNumber(row, 'boot') + 1;",
    replace: "const boot = row === undefined ? 1 : wholeNumber(row, 'boot');",
    within: 300,
  },
  {
    name: 'the outbox does not sync',
    file: `${DEVICE}/outbox.ts`,
    find: 'PRAGMA synchronous = FULL;',
    replace: 'PRAGMA synchronous = OFF;',
    within: 300,
  },
  {
    name: 'a message that is handed out a second time never comes back',
    file: `${QUEUE}/durable-queue.ts`,
    find: 'entry.hiddenUntilMs === atMs;',
    replace: 'entry.hiddenUntilMs === atMs && entry.state.receiveCount < 2;',
    within: 100,
  },
  {
    name: 'the contract does not look whether a chunk is recorded',
    file: 'chaincode/src/vitals/recorder.ts',
    find: 'if (intersects(ranges, range)) return this.#repeated(chunk, key);',
    replace: '',
    within: 100,
  },
];
