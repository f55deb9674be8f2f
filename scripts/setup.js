// Makes a fresh clone ready: installs what the lockfile names and builds what has to be built.
// Plain JavaScript that also runs on Node 20, because it runs before Node 24 is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stampFile = join(root, 'node_modules', '.pulseledger-setup');
/** npm writes this file last, so its absence means that an install never finished. */
const npmFinished = join(root, 'node_modules', '.package-lock.json');
const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(what, remedy) {
  say(`${what}\n       ${remedy}`);
  process.exit(1);
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function installedHash() {
  return existsSync(stampFile) && existsSync(npmFinished) ? readFileSync(stampFile, 'utf8') : '';
}

function install() {
  const interrupted = existsSync(join(root, 'node_modules')) && !existsSync(npmFinished);
  // Not `npm ci`: it starts over after an interruption, and it refuses a lockfile that was written where
  // the packages of other platforms cannot be had. `--no-save` leaves the lockfile as it is.
  say(interrupted ? 'resuming an interrupted install' : 'installing packages (about a minute)');
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  ];
  const npm = process.env.npm_execpath;
  const started = Date.now();
  const run = npm
    ? spawnSync(process.execPath, [npm, ...args, '--loglevel=error'], {
        cwd: root,
        stdio: ['ignore', 2, 2],
      })
    : spawnSync('npm', [...args, '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (run.status !== 0) {
    fail(
      'npm could not install the packages.',
      'Check the network and the message above, then run the same command again.',
    );
  }
  writeFileSync(stampFile, lockHash());
  say(`packages installed in ${Math.round((Date.now() - started) / 1000)} s`);
}

if (installedHash() !== lockHash()) install();
if (!existsSync(node) && Number(process.versions.node.split('.')[0]) < 24) {
  fail(
    `there is no Node 24 package for ${process.platform}-${process.arch}.`,
    'Install Node 24 yourself and run the same command again.',
  );
}
const build = spawnSync(
  existsSync(node) ? node : process.execPath,
  [join(root, 'scripts', 'build.js')],
  {
    cwd: root,
    stdio: ['ignore', 2, 2],
  },
);
if (build.status !== 0) fail('the build failed.', 'The message above says where.');
