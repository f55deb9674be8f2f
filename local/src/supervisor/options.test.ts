import { describe, expect, jest, test } from '@jest/globals';
import { parseOptions } from './options.ts';

function silently<Value>(work: () => Value): Value {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return work();
  } finally {
    write.mockRestore();
  }
}

describe('the options of npm start', () => {
  test('have defaults for trying the system out', () => {
    expect(parseOptions([])).toMatchObject({
      network: 'devnet',
      devices: 5,
      rate: 1,
      windowSeconds: 10,
      forSeconds: undefined,
      seed: 1,
      port: 8443,
      json: false,
    });
  });

  test('with --chaos let everything go wrong for a minute, in short windows', () => {
    expect(parseOptions(['--chaos'])).toMatchObject({
      ...{ chaos: true, forSeconds: 60, windowSeconds: 2, faults: 'all', attackers: 'all' },
    });
    const calm = parseOptions(['--chaos', '--faults', 'offline,reboot', '--attackers', 'none']);
    expect(calm).toMatchObject({ faults: 'offline,reboot', attackers: 'none' });
    expect(parseOptions(['--for', '20s'])).toMatchObject({ chaos: false, faults: 'none' });
  });

  test.each([
    [['--chaos', '--for', '5s']],
    [['--chaos', '--devices', '0']],
    [['--faults', 'offline,nonsense']],
  ])('refuse %p', (args) => {
    expect(() => silently(() => parseOptions(args))).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  });

  test('choose a window that closes several times within a timed run, and any port', () => {
    const window = (...args: string[]) => parseOptions(args)?.windowSeconds;
    expect(window('--for', '20s')).toBe(5);
    expect(window('--for', '3s')).toBe(2);
    expect(window('--for', '1h')).toBe(60);
    expect(window('--for', '20s', '--window', '15s')).toBe(15);
    expect(parseOptions(['--for', '20s'])?.port).toBeUndefined();
  });

  test('keep the ledgers of the two networks apart unless told where', () => {
    const data = (...args: string[]) => parseOptions(args)?.data;
    expect(data()).toMatch(/\.pulseledger\/devnet$/);
    expect(data('--network', 'fabric')).toMatch(/\.pulseledger\/fabric$/);
    expect(data('--data', '/tmp/x')).toBe('/tmp/x');
  });

  test.each([
    [['--devices', 'many']],
    [['--devices', '-1']],
    [['--devices', '1001']],
    [['--for', 'long']],
    [['--for', '0s']],
    [['--window', '2h']],
    [['--rate', '0']],
    [['--port', '70000']],
    [['--network', 'other']],
    [['--unknown']],
    [['stray']],
    [['--for', '5s', '--devices', '0']],
  ])('refuse %j', (args) => {
    const parse = (): unknown => silently(() => parseOptions(args));
    expect(parse).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  test('explain themselves', () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(parseOptions(['--help'])).toBeUndefined();
    const text = write.mock.calls.map(([part]) => String(part)).join('');
    write.mockRestore();
    expect(text).toContain('Exit codes:');
    expect(text).toContain('lost          handed over - committed - quarantined');
  });
});
