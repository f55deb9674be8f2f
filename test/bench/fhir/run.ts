import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FhirBenchOptions, SIZES } from './arguments.ts';
import { LedgerSide } from './ledger-side.ts';
import { measurePaired, type PairedRow, type Work } from './paired.ts';
import { readDefinitions } from './reference-side.ts';
import { type FhirReport, newReport } from './report.ts';
import { chartWorks, trendWorks } from './works.ts';

/** Starts a network of its own, measures everything, and leaves nothing. @param say what happens meanwhile */
export async function runFhirBench(
  options: FhirBenchOptions,
  say: (text: string) => void,
): Promise<FhirReport> {
  const size = SIZES[options.size];
  const dataDir = await mkdtemp(join(tmpdir(), 'pulse-bench-fhir-'));
  const load = (): number => Number((loadavg()[0] ?? 0).toFixed(1));
  const before = load();
  try {
    say(`Starting ${options.network} …`);
    readDefinitions();
    const doctors = Math.max(size.readers, size.openings + 1);
    const ledger = await LedgerSide.start(options.network, dataDir, doctors);
    const measureAll = async (): Promise<PairedRow[]> => {
      say(`Storing a chart of ${size.resources} resources for ${doctors} doctors …`);
      const ofChart = await measureEach(await chartWorks(ledger, size), say);
      say(`Recording ${size.hours} hours of heart rate, 1 Hz …`);
      return [...ofChart, ...(await measureEach(await trendWorks(ledger, size), say))];
    };
    try {
      const rows = await Promise.race([measureAll(), interruption()]);
      return newReport(options, { load: { before, after: load() }, rows });
    } finally {
      await ledger.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measureEach(
  works: readonly Work[],
  say: (text: string) => void,
): Promise<PairedRow[]> {
  const rows: PairedRow[] = [];
  for (const work of works) {
    const row = await measurePaired(work);
    const { ours, reference, ratio } = row;
    say(
      `  ${row.name}: ${ours.p50Ms} ms beside ${reference.p50Ms} ms, ${ratio.p50}x; p99 ${ours.p99Ms} ms beside ${reference.p99Ms} ms, ${ratio.p99}x`,
    );
    rows.push(row);
  }
  return rows;
}

/** Ctrl-C ends a run, but not before its network is stopped and its folder removed. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
    }
  });
}
