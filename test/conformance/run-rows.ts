import { GatewayError } from '@hyperledger/fabric-gateway';
import type { Json } from './answers.ts';
import { failure } from './person.ts';
import type { Row } from './row.ts';
import { type Connections, World } from './world.ts';

/** Rows under way at the same time; most of the time they wait for a block. */
const CONCURRENCY = { devnet: 12, fabric: 6 };
/** A row that hangs is an answer, too. */
const ROW_TIMEOUT_MS = 240_000;

async function timeout(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('no answer in time'));
    }, ROW_TIMEOUT_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  });
}

/** Peers of native Fabric renew their connections to each other now and then, and calls under way fail. */
const RENEWED_CONNECTION = 'the client connection is closing';
const MAX_TRIES = 3;

/** What the network answers to one row. */
export async function runRow(connections: Connections, row: Row): Promise<Json> {
  for (let tries = 1; ; tries += 1) {
    const answer = await runOnce(connections, row, tries);
    const isDisturbed = JSON.stringify(answer).includes(RENEWED_CONNECTION);
    if (!isDisturbed || tries === MAX_TRIES) return answer;
  }
}

/** With the details of a refusal: they tell whether it was a disturbance. */
function told(error: unknown): unknown {
  if (error instanceof GatewayError) return failure(error);
  return error instanceof Error ? error.message : String(error);
}

async function runOnce(connections: Connections, row: Row, tries: number): Promise<Json> {
  const world = new World(connections, tries === 1 ? row.id : `${row.id}-${tries}`);
  const done = new AbortController();
  try {
    return world.answer(await Promise.race([row.run(world), timeout(done.signal)]));
  } catch (error) {
    return world.answer({ failed: told(error) });
  } finally {
    done.abort();
    await world.close();
  }
}

/** Runs rows, several at a time where they do not mind. */
export async function runRows(
  connections: Connections,
  rows: readonly Row[],
  onAnswer: (row: Row, answer: Json) => void,
): Promise<void> {
  const waiting = rows.filter((row) => row.isAlone !== true);
  const worker = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      onAnswer(row, await runRow(connections, row));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY[connections.network.kind] }, worker));
  for (const row of rows.filter((r) => r.isAlone === true)) {
    onAnswer(row, await runRow(connections, row));
  }
}
