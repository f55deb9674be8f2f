import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { nodesOf } from '../../infra/lib/fabric/nodes.ts';
import { NO_MACHINES } from './machines.ts';
import { World } from './world.ts';

const FABRIC = process.env['FABRIC_BIN'] ?? '';
const SKIPPED = FABRIC === '' ? 'FABRIC_BIN is not set' : NO_MACHINES;
const describeMachines = SKIPPED === undefined ? describe : describe.skip;
const NOTE = SKIPPED === undefined ? '' : ` (skipped: ${SKIPPED})`;

jest.setTimeout(900_000);

describeMachines(`what EC2 runs, on machines made up here${NOTE}`, () => {
  const world = new World();
  const HOSPITAL = 'peer0.hospital.dev.pulseledger.internal';

  /** Blocks of the channel, as the peer on that machine counts them. */
  async function height(host: string): Promise<number> {
    const metrics = 'http://127.0.0.1:9443/metrics';
    const { stdout } = await world.machines.execute(host, 'curl', '-s', metrics);
    return Number(/^ledger_blockchain_height\{channel="records"\} (\d+)$/m.exec(stdout)?.[1]);
  }

  beforeAll(async () => {
    await world.pack();
    await world.deploy();
  });
  afterAll(() => world.stop());

  test('after a deployment machines have everything but keys, and wait', async () => {
    for (const { host } of nodesOf(world.environment())) {
      const { stdout } = await world.machines.execute(
        host,
        'sh',
        '-c',
        'ls /opt/pulse/current/; ls -d /opt/pulse/programs/current/bin',
      );
      expect(stdout).toContain('SHA256SUMS');
      expect(stdout).toContain('/opt/pulse/programs/current/bin');
      const { status } = await world.machines.execute(host, 'systemctl', 'is-active', 'pulse-keys');
      expect(status).not.toBe(0);
    }
  });

  test('a run that is cut off leaves nothing that the next one cannot go on from', async () => {
    world.account.beforeCommand = (_, purpose) => {
      if (purpose.startsWith('peer channel join')) throw new Error('the line is cut');
    };
    await expect(world.provision()).rejects.toThrow('the line is cut');
    world.account.beforeCommand = () => undefined;
    expect(world.secret('administrator/hospital')).toBe('{"files":{}}');
  });

  test('provisioning makes a network of them, and a transaction is committed', async () => {
    const record = await world.provision();
    expect(record).toMatchObject({ members: ['HospitalMSP', 'ClinicMSP', 'InsurerMSP'] });
    expect(record.chaincode?.sequence).toBe(1);
    expect(Object.keys(record.settings ?? {}).toSorted()).toEqual(['clinic', 'hospital']);
    expect(world.secret('administrator/clinic')).toBe('{"files":{}}');
    expect(await world.commitOne()).toBe('committed');
  });

  test('the same again changes nothing', async () => {
    const before = world.secret('node/hospital/peer0');
    const { stdout } = await world.machines.execute(
      HOSPITAL,
      'cat',
      '/run/made-up-units/pulse-peer',
    );
    const record = await world.provision();
    expect(record.chaincode?.sequence).toBe(1);
    expect(world.secret('node/hospital/peer0')).toBe(before);
    const after = await world.machines.execute(HOSPITAL, 'cat', '/run/made-up-units/pulse-peer');
    expect(after.stdout).toBe(stdout);
    expect(world.steps.join('\n')).not.toContain('has said on the ledger');
  });

  test('a peer and an organization that the table names later join the network that is in use', async () => {
    const wish = { hospitalPeers: 2, laboratory: true };
    await world.deploy(wish);
    const record = await world.provision(wish);
    expect(record.members).toContain('LaboratoryMSP');
    const added = [
      'peer1.hospital.dev.pulseledger.internal',
      'peer0.laboratory.dev.pulseledger.internal',
    ];
    const before = await height(HOSPITAL);
    for (const host of added) expect(await height(host)).toBeGreaterThanOrEqual(before);
    expect(await world.commitOne()).toBe('committed');
  });

  test('no key is on a disk of a machine, in a list of processes or in a log', async () => {
    for (const { host } of nodesOf(world.environment())) {
      const found = await world.machines.execute(
        host,
        'sh',
        '-c',
        "grep -rlE 'PRIVATE[ ]KEY' /opt/pulse/assets /etc/pulse /etc/systemd /var/lib/pulse /var/log/pulse 2> /dev/null; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n' | grep 'PRIVATE[ ]KEY'",
      );
      expect(found.stdout).toBe('');
      const { stdout } = await world.machines.execute(host, 'ls', '/run/pulse-provision');
      expect(stdout.split('\n')).not.toContain('keys');
    }
  });
});
