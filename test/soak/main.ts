import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArguments, type SoakOptions } from './arguments.ts';
import { type SoakReport, soak } from './soak.ts';
import type { Tenth } from './tenths.ts';

const EXIT = { ok: 0, failed: 1, interrupted: 130 } as const;
const MEBI = 1_024 * 1_024;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function tenthLine(tenth: Tenth, index: number): string {
  const memory = Object.entries(tenth.memory).map(
    ([name, bytes]) => `${name} ${Math.round(bytes / MEBI)}`,
  );
  return (
    `${String(index).padStart(2)}/10  ${tenth.chunks} chunks, ${Math.round(tenth.chunksPerSecond)}/s, ` +
    `commit p50 ${tenth.latencyMs.p50} ms p99 ${tenth.latencyMs.p99} ms, ` +
    `ledger grown by ${(tenth.ledgerBytes / MEBI).toFixed(1)} MiB; MiB: ${memory.join(', ')}`
  );
}

function summary(report: SoakReport): string {
  const { chunks, readings, recordedChunks, seconds, latencyMs, findings } = report;
  return [
    `${chunks} chunks (${readings} readings) committed in ${Math.round(seconds)} s; the ledger recorded ${recordedChunks}.`,
    `Window closed to acknowledgement: median ${latencyMs?.p50 ?? '-'} ms, 99 % within ${latencyMs?.p99 ?? '-'} ms; last tenth ${report.latencyRatio.toFixed(2)} times the third.`,
    `Ledger: ${(report.ledgerBytesPerMillionReadings / MEBI).toFixed(1)} MiB per million readings, all organizations together.`,
    ...(findings.length === 0 ? ['Memory and latency are flat.'] : findings),
  ].join('\n');
}

async function run(options: SoakOptions): Promise<number> {
  const folder =
    options.data === undefined
      ? await mkdtemp(join(tmpdir(), 'pulseledger-soak-'))
      : resolve(options.data);
  await mkdir(folder, { recursive: true });
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('Ending: what is measured is delivered and counted first.');
      interruption.abort();
    });
  }
  try {
    const tell = {
      say,
      tenth: (tenth: Tenth, index: number): void => {
        say(tenthLine(tenth, index));
      },
    };
    const report = await soak(options, folder, tell, interruption.signal);
    process.stdout.write(`${options.json ? JSON.stringify(report) : summary(report)}\n`);
    if (report.findings.length > 0) return EXIT.failed;
    return interruption.signal.aborted ? EXIT.interrupted : EXIT.ok;
  } finally {
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

const options = parseArguments(process.argv.slice(2));
if (typeof options === 'number') process.exitCode = options;
else {
  try {
    process.exitCode = await run(options);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = EXIT.failed;
  }
}
