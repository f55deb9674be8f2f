/** Checks of the running system, from its file to its ledger. */
import { X509Certificate } from 'node:crypto';
import { ListGapsOutput } from '@pulseledger/domain';
import { Failure } from '../base/failure.ts';
import { time } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { send } from '../system/https.ts';
import { Metrics } from '../system/metrics.ts';
import { readSystem, type System } from '../system/system-file.ts';
import type { Check } from './machine.ts';

const SOON_DAYS = 14;
const MS_PER_DAY = 86_400_000;
/** Longer than any window and its way. */
const STALE_MS = 5 * 60_000;
const TRIGGER = 'npx pulse trigger   (brings one reading to the ledger)';
const RESTART = 'end the system (Ctrl-C where it runs) and start it again: npm start';

export async function* checkSystem(systemFile: string): AsyncGenerator<Check> {
  const found = await readSystem(systemFile).catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
  if (found instanceof Failure) {
    yield {
      name: 'running system',
      state: 'failed',
      detail: found.text.why,
      fix: found.text.remedy,
    };
    return;
  }
  yield checkProcess(found);
  yield checkCertificate(found, Date.now());
  const api = await checkApi(found);
  yield api;
  if (api.state !== 'ok') return;
  yield await checkQueues(found);
  yield await checkLedger(found, systemFile);
}

function checkProcess({ pid, network, dataFolder }: System): Check {
  const name = 'running system';
  try {
    process.kill(pid, 0);
    return { name, state: 'ok', detail: `process ${pid} on ${network}, data in ${dataFolder}` };
  } catch {
    return { name, state: 'failed', detail: `its process ${pid} has gone`, fix: 'npm start' };
  }
}

export function checkCertificate({ apiCaPem }: Pick<System, 'apiCaPem'>, nowMs: number): Check {
  const name = 'certificate';
  const { validTo } = new X509Certificate(apiCaPem);
  const days = Math.floor((Date.parse(validTo) - nowMs) / MS_PER_DAY);
  const detail = `the authority is valid for ${days} days`;
  if (days >= SOON_DAYS) return { name, state: 'ok', detail };
  const fix = 'start with a new data folder: npm start -- --data FOLDER';
  return { name, state: days > 0 ? 'note' : 'failed', detail, fix };
}

/** Over TLS, trusting only the authority of the system file. */
async function checkApi({ apiUrl, apiCaPem }: System): Promise<Check> {
  const name = 'API';
  const startedAtMs = Date.now();
  try {
    const { status } = await send(`${apiUrl}/metadata`, { caPem: apiCaPem, timeoutMs: 30_000 });
    const detail = `${apiUrl} answered ${status} in ${Date.now() - startedAtMs} ms`;
    if (status === 200) return { name, state: 'ok', detail };
    return { name, state: 'failed', detail, fix: RESTART };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name, state: 'failed', detail: `${apiUrl}: ${why}`, fix: RESTART };
  }
}

async function checkQueues({ metricsUrl }: System): Promise<Check> {
  const name = 'queues';
  try {
    const metrics = await Metrics.read(metricsUrl);
    const depth = (queue: string): number =>
      metrics.sum('pulse_queue_depth', `queue="${queue}"`) ?? 0;
    const [waiting, stranded] = [depth('ingest'), depth('quarantine') + depth('ingest-dlq')];
    const detail = `${waiting} messages waiting, ${stranded} stranded`;
    if (stranded === 0) return { name, state: 'ok', detail };
    return { name, state: 'note', detail, fix: 'npx pulse quarantine list   (also with --dlq)' };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name, state: 'failed', detail: `no metrics: ${why}`, fix: RESTART };
  }
}

/** Read through the API by an administrator, who sees no reading: the last commit of the own devices. */
async function checkLedger(system: System, systemFile: string): Promise<Check> {
  const name = 'ledger';
  const user = system.logins.find(({ role }) => role === 'administrator')?.user;
  if (user === undefined) return { name, state: 'skipped', detail: 'there is no administrator' };
  try {
    const api = await Api.open({ system: systemFile, login: user });
    const { devices } = await api.ask('devices/gaps?pageSize=100', ListGapsOutput);
    const latestMs = Math.max(0, ...devices.map(({ lastCommittedMs }) => lastCommittedMs ?? 0));
    if (latestMs === 0) {
      return { name, state: 'note', detail: 'it answers; nothing was committed yet', fix: TRIGGER };
    }
    const detail = `it answers; the last commit was at ${time(latestMs)}`;
    if (Date.now() - latestMs < STALE_MS) return { name, state: 'ok', detail };
    return { name, state: 'note', detail, fix: TRIGGER };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { what, why } = error.text;
    return { name, state: 'failed', detail: `${what} ${why}`, fix: RESTART };
  }
}
