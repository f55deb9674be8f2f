import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSame } from './answers.ts';
import { mutatedStart } from './mutated-devnet.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { readRecorded } from './recorded.ts';
import { ROWS } from './rows.ts';
import { runRows } from './run-rows.ts';
import { startEmbedded, startProbe } from './start-network.ts';
import { Connections } from './world.ts';

/** Rows that told of a broken rule. */
async function reported(
  mutation: Mutation,
  id: number,
  places: { readonly dir: string; readonly chaincodeAddress: string },
): Promise<string[]> {
  const network = await startEmbedded({
    keysDir: join(places.dir, 'keys'),
    ledgerDir: join(places.dir, `ledger-${id}`),
    chaincodeAddress: places.chaincodeAddress,
    start: await mutatedStart(mutation, id),
  });
  const connections = new Connections(network);
  const rows = ROWS.filter((row) => mutation.rows.test(row.id));
  const recorded = await readRecorded(rows.map((row) => row.id));
  const different: string[] = [];
  try {
    await runRows(connections, rows, (row, answer) => {
      if (!isSame(recorded.get(row.id), answer)) different.push(row.id);
    });
  } finally {
    connections.closeAll();
    await network.stop();
  }
  return different;
}

/** Breaks each rule in turn. One line of JSON on stdout for each: the rule, and the rows that told. */
async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'conformance-mutations-'));
  const service = await startProbe(dir);
  try {
    for (const [id, mutation] of MUTATIONS.entries()) {
      const rows = await reported(mutation, id, { dir, chaincodeAddress: service.address });
      process.stdout.write(`${JSON.stringify({ rule: mutation.rule, rows })}\n`);
      if (rows.length === 0) process.exitCode = 1;
    }
  } finally {
    await service.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
