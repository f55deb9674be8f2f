import type { Command } from 'commander';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { print, printJson } from '../base/output.ts';
import { asFailure, refusal } from '../system/answers.ts';
import { send } from '../system/https.ts';
import { Metrics } from '../system/metrics.ts';
import { readSystem, type System } from '../system/system-file.ts';

const MS_PER_SECOND = 1_000;

/** What `status --json` prints; null is what has not been measured yet. */
interface Status {
  readonly network: string;
  readonly pageUrl: string;
  readonly apiUrl: string;
  readonly metricsUrl: string;
  readonly dataFolder: string;
  readonly apiAnswerMs: number;
  readonly patients: number;
  /** Messages of devices taken over, signed windows on the ledger, and what waits. */
  readonly queued: number | null;
  readonly recorded: number | null;
  readonly waiting: number | null;
  readonly quarantined: number | null;
  readonly deadLetters: number | null;
  readonly missingReadings: number | null;
  /** From taken over to committed. */
  readonly meanCommitMs: number | null;
}

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('where the running system is, and how its work goes');
  withExamples(withSystem(command), ['status', 'status --json']).action(status);
}

async function status({ system: file, json }: CommonOptions): Promise<void> {
  const system = await readSystem(file);
  try {
    const found = await statusOf(system);
    if (json) printJson(found);
    else print(text(found));
  } catch (error) {
    throw asFailure(error, file);
  }
}

async function statusOf(system: System): Promise<Status> {
  const { network, pageUrl, apiUrl, metricsUrl, dataFolder, apiCaPem, patients } = system;
  const startedAtMs = Date.now();
  const answer = await send(`${apiUrl}/metadata`, { caPem: apiCaPem });
  if (answer.status !== 200) throw refusal(answer);
  const apiAnswerMs = Date.now() - startedAtMs;
  const metrics = await Metrics.read(metricsUrl);
  const commits = metrics.sum('pulse_puback_to_commit_seconds_count') ?? 0;
  const seconds = metrics.sum('pulse_puback_to_commit_seconds_sum') ?? 0;
  return {
    ...{ network, pageUrl, apiUrl, metricsUrl, dataFolder, apiAnswerMs },
    patients: patients.length,
    queued: metrics.sum('pulse_messages_queued_total'),
    recorded: metrics.sum('pulse_chunks_recorded_total'),
    waiting: metrics.sum('pulse_queue_depth', 'queue="ingest"'),
    quarantined: metrics.sum('pulse_queue_depth', 'queue="quarantine"'),
    deadLetters: metrics.sum('pulse_queue_depth', 'queue="ingest-dlq"'),
    missingReadings: metrics.sum('pulse_missing_readings'),
    meanCommitMs: commits === 0 ? null : Math.round((seconds / commits) * MS_PER_SECOND),
  };
}

function text(status: Status): string {
  const shown = (value: number | null, unit = ''): string =>
    value === null ? '-' : `${value.toLocaleString('en-US')}${unit}`;
  const lines: readonly (readonly [string, string])[] = [
    ['network', status.network],
    ['page', status.pageUrl],
    ['API', `${status.apiUrl} (answered in ${status.apiAnswerMs} ms)`],
    ['metrics', status.metricsUrl],
    ['data', status.dataFolder],
    ['patients', shown(status.patients)],
    ['messages', `${shown(status.queued)} taken over, ${shown(status.recorded)} on the ledger`],
    ['waiting', shown(status.waiting)],
    ['quarantined', `${shown(status.quarantined)}, dead letters ${shown(status.deadLetters)}`],
    ['missing', `${shown(status.missingReadings)} readings`],
    ['to commit', `${shown(status.meanCommitMs, ' ms')} on average`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(13)}${value}`).join('\n');
}
