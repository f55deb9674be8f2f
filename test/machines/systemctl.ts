import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * systemctl for a made-up machine: starts what a unit's ExecStart says, with its Environment, EnvironmentFile,
 * WorkingDirectory, User, UMask and log. It knows nothing of sandboxes; those are for systemd itself.
 */
const UNITS = '/etc/systemd/system';
const STATE = '/run/made-up-units';
const STOP_ROUNDS = 200;
const STOP_POLL_MS = 100;

type Section = ReadonlyMap<string, readonly string[]>;

/** The settings of [Service], in their order. */
function readService(unit: string): Section {
  const found = new Map<string, string[]>();
  let isService = false;
  for (const line of readFileSync(join(UNITS, `${unit}.service`), 'utf8').split('\n')) {
    if (line.startsWith('[')) isService = line === '[Service]';
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (!isService || key === undefined || value === undefined) continue;
    found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

function variables(service: Section): Record<string, string> {
  const files = (service.get('EnvironmentFile') ?? []).flatMap((file) =>
    readFileSync(file, 'utf8').split('\n'),
  );
  const pairs = [...(service.get('Environment') ?? []), ...files].flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

function stateFile(unit: string): string {
  return join(STATE, unit);
}

function pidOf(unit: string): number | undefined {
  if (!existsSync(stateFile(unit))) return undefined;
  const pid = Number(readFileSync(stateFile(unit), 'utf8'));
  if (pid === 0) return 0;
  // A process that has ended and is not buried yet is no longer there.
  const status = existsSync(`/proc/${pid}/status`)
    ? readFileSync(`/proc/${pid}/status`, 'utf8')
    : 'State:\tZ';
  return /State:\s+[ZX]/.test(status) ? undefined : pid;
}

async function stop(unit: string): Promise<void> {
  const pid = pidOf(unit);
  rmSync(stateFile(unit), { force: true });
  if (pid === undefined || pid === 0) return;
  process.kill(pid, 'SIGTERM');
  for (let round = 0; round < STOP_ROUNDS && existsSync(`/proc/${pid}/cmdline`); round += 1) {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '') return;
    await delay(STOP_POLL_MS);
  }
}

/** Folders that systemd makes for a unit. */
function makeFolders(service: Section): void {
  for (const name of service.get('RuntimeDirectory') ?? []) {
    mkdirSync(join('/run', name), { recursive: true, mode: 0o755 });
  }
  for (const name of service.get('LogsDirectory') ?? []) {
    mkdirSync(join('/var/log', name), { recursive: true, mode: 0o750 });
    spawnSync('chown', ['pulse:pulse', join('/var/log', name)]);
  }
}

function asUser(service: Section, command: readonly string[]): string[] {
  const [user] = service.get('User') ?? [];
  if (user === undefined) return [...command];
  const identity = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'];
  return ['setpriv', ...identity, '--inh-caps=-all', ...command];
}

/** The first value of a setting. */
function one(service: Section, key: string, otherwise: string): string {
  return service.get(key)?.[0] ?? otherwise;
}

/** What starts a unit. The units quote nothing, so words are what blanks separate. */
function argumentsOf(service: Section): string[] {
  const words = asUser(service, one(service, 'ExecStart', '').split(/\s+/));
  return ['-c', `umask ${one(service, 'UMask', '0022')}; exec "$@"`, '-', ...words];
}

function start(unit: string): void {
  const service = readService(unit);
  makeFolders(service);
  const { PATH, PULSE_TEST_ACCOUNT } = process.env;
  const env = { PATH, PULSE_TEST_ACCOUNT, ...variables(service) };
  const where = { cwd: one(service, 'WorkingDirectory', '/'), env };
  if (one(service, 'Type', 'simple') === 'oneshot') {
    const stdio = ['ignore', 'inherit', 'inherit'] as const;
    const { status } = spawnSync('bash', argumentsOf(service), { ...where, stdio: [...stdio] });
    if (status !== 0) throw new Error(`Job for ${unit}.service failed.`);
    writeFileSync(stateFile(unit), '0');
    return;
  }
  const file = one(service, 'StandardOutput', '').replace(/^append:/, '');
  const log = openSync(file === '' ? '/dev/null' : file, 'a');
  const child = spawn('bash', argumentsOf(service), {
    ...where,
    detached: true,
    stdio: ['ignore', log, log],
  });
  writeFileSync(stateFile(unit), String(child.pid));
  child.unref();
}

mkdirSync(STATE, { recursive: true });
const [verb = '', ...names] = process.argv.slice(2).filter((word) => word !== '--quiet');
const units = names.map((name) => name.replace(/\.service$/, ''));
switch (verb) {
  case 'daemon-reload':
  case 'enable':
    break;
  case 'restart':
    for (const unit of units) {
      await stop(unit);
      start(unit);
    }
    break;
  case 'is-active':
    process.exitCode = units.every((unit) => pidOf(unit) !== undefined) ? 0 : 3;
    break;
  default:
    process.stderr.write(`not made up: systemctl ${verb}\n`);
    process.exitCode = 1;
}
