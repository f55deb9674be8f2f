import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What makes two runs comparable. */
export interface SeriesOptions {
  readonly network: 'devnet' | 'fabric';
  readonly devices: number;
  readonly seconds: number;
}

/** One run with `--chaos`, in figures. */
export interface SeedResult extends SeriesOptions {
  readonly seed: number;
  /** Of `npm start`. */
  readonly exitCode: number | null;
  readonly committed: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly altered: number;
  readonly wrongFates: number;
  readonly kills: number;
  readonly faults: number;
  readonly redeliveries: number;
  readonly redeliveriesResolved: number;
  readonly unknownCommitsResolved: number;
  readonly drainSeconds: number;
  readonly wallSeconds: number;
  /** Why the run proves nothing. */
  readonly missing: readonly string[];
}

/** As far as it is looked at here; see RunReport. */
const report = z.object({
  committed: z.int(),
  lost: z.int(),
  duplicated: z.int(),
  altered: z.int(),
  wrongFates: z.array(z.unknown()),
  chaos: z.object({
    kills: z.record(z.string(), z.int()),
    faults: z.array(z.object({ missed: z.literal(true).optional() })),
    redeliveries: z.int(),
    redeliveriesResolved: z.int(),
    unknownCommitsResolved: z.int(),
    drainSeconds: z.number(),
    missing: z.array(z.string()),
  }),
});

const count = z.int().min(0);
const line: z.ZodType<SeedResult> = z.object({
  network: z.enum(['devnet', 'fabric']),
  devices: count,
  seconds: z.number(),
  seed: count,
  exitCode: z.int().nullable(),
  committed: count,
  lost: z.int(),
  duplicated: count,
  altered: count,
  wrongFates: count,
  kills: count,
  faults: count,
  redeliveries: count,
  redeliveriesResolved: count,
  unknownCommitsResolved: count,
  drainSeconds: z.number(),
  wallSeconds: z.number(),
  missing: z.array(z.string()),
});

export interface FinishedRun {
  readonly seed: number;
  readonly exitCode: number | null;
  readonly wallSeconds: number;
  /** The last line of its standard output. */
  readonly lastLine: string;
}

/** The figures of a run; a run that ended without a report has none of them and the reason in `missing`. */
export function seedResult(series: SeriesOptions, run: FinishedRun): SeedResult {
  const { seed, exitCode, wallSeconds } = run;
  const parsed = report.safeParse(parseJson(run.lastLine));
  const common = { ...series, seed, exitCode, wallSeconds };
  if (!parsed.success) {
    return { ...common, ...NOTHING, missing: ['the run ended without a report'] };
  }
  const { committed, lost, duplicated, altered, wrongFates, chaos } = parsed.data;
  return {
    ...common,
    ...{ committed, lost, duplicated, altered, wrongFates: wrongFates.length },
    kills: Object.values(chaos.kills).reduce((sum, times) => sum + times, 0),
    faults: chaos.faults.filter(({ missed }) => missed !== true).length,
    redeliveries: chaos.redeliveries,
    redeliveriesResolved: chaos.redeliveriesResolved,
    unknownCommitsResolved: chaos.unknownCommitsResolved,
    drainSeconds: chaos.drainSeconds,
    missing: chaos.missing,
  };
}

const NOTHING = {
  ...{ committed: 0, lost: 0, duplicated: 0, altered: 0, wrongFates: 0, kills: 0, faults: 0 },
  ...{ redeliveries: 0, redeliveriesResolved: 0, unknownCommitsResolved: 0, drainSeconds: 0 },
};

/** Whether the run lost, doubled and changed nothing, and shows it. */
export function isProof(result: SeedResult): boolean {
  return result.exitCode === 0;
}

/** Results of earlier calls; lines that are cut off or of another version are left out. */
export async function readResults(file: string): Promise<SeedResult[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((one) => line.safeParse(parseJson(one)).data ?? []);
}

export async function appendResult(file: string, result: SeedResult): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${JSON.stringify(result)}\n`, { mode: 0o600 });
}

/** The proof of an earlier call for this seed, if there is one. */
export function knownProof(
  results: readonly SeedResult[],
  series: SeriesOptions,
  seed: number,
): SeedResult | undefined {
  return results.findLast(
    (one) =>
      one.seed === seed &&
      one.network === series.network &&
      one.devices === series.devices &&
      one.seconds === series.seconds &&
      isProof(one),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
