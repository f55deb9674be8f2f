import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeChunk, splitSignature } from '@pulseledger/domain';
import { parseArguments } from './arguments.ts';
import { toRow, toTable } from './report.ts';
import { Wearable } from './wearables.ts';

describe('the command line of the bench', () => {
  it('measures all windows and transaction sizes on the devnet when nothing is said', () => {
    const options = parseArguments([]);
    expect(options).toMatchObject({ network: 'devnet', json: false });
    expect(options).toHaveProperty('rows.length', 9);
  });

  it('takes some rows and another network', () => {
    expect(parseArguments(['--network', 'fabric', '--json', '--rows', '60x100,2x1'])).toMatchObject(
      {
        network: 'fabric',
        json: true,
        rows: [
          { windowSeconds: 60, chunksPerTransaction: 100 },
          { windowSeconds: 2, chunksPerTransaction: 1 },
        ],
      },
    );
  });

  it.each([
    [['--network', 'mainnet'], '--network is'],
    [['--seconds', '0'], '--seconds is'],
    [['--in-flight', 'many'], '--in-flight is'],
    [['--rows', '61x100'], '--rows are'],
    [['--fast'], '--fast'],
  ])('refuses %j with a reason', (args, reason) => {
    expect(() => parseArguments(args)).toThrow(reason);
  });
});

describe('a wearable of the bench', () => {
  it('signs windows of five signals at 1 Hz, one after the other without a gap', () => {
    const wearable = new Wearable();
    wearable.goOnAtFullHour();
    const [first, second] = [wearable.nextWindow(60), wearable.nextWindow(60)];
    const chunk = decodeChunk(first.bytes);
    expect(first.readings).toBe(300);
    expect(chunk).toMatchObject({ deviceId: wearable.deviceId, firstSequence: 0, count: 300 });
    expect(decodeChunk(second.bytes)).toMatchObject({ firstSequence: 300 });
    const key = createPublicKey({
      key: Buffer.from(wearable.publicKeySpkiBase64, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const { body, signature } = splitSignature(first.bytes);
    expect(verify('sha256', body, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('never has a window over the end of an hour, whatever was measured before', () => {
    const wearable = new Wearable();
    for (const window of [2, 10, 60]) {
      wearable.goOnAtFullHour();
      for (let count = 0; count < 61; count += 1) {
        const { startMs, endMs } = decodeChunk(wearable.nextWindow(window).bytes);
        expect(Math.floor(endMs / 3_600_000)).toBe(Math.floor(startMs / 3_600_000));
      }
    }
  });
});

describe('a row of the report', () => {
  const measurement = {
    seconds: 10,
    transactions: 70,
    chunks: 7_000,
    readings: 2_100_000,
    p50Ms: 700.4,
    p99Ms: 1_200.6,
    allReadings: 3_000_000,
    allChunkBytes: 6_000_000,
  };
  const row = toRow(
    {
      configuration: { windowSeconds: 60, chunksPerTransaction: 100 },
      inFlight: 5,
      measurement,
      blockBytes: 3_000_000,
    },
    70,
  );

  it('has rates over the measured time and bytes over all readings', () => {
    expect(row).toMatchObject({
      chunksPerSecond: 700,
      readingsPerSecond: 210_000,
      ratio: 3_000,
      readingsPerTransaction: 30_000,
      ledgerBytesPerReading: 3,
      deviceToCommitMs: { p50: 700, p99: 1_201 },
    });
  });

  it('is one line of the table', () => {
    const lines = toTable([row]).split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^60 s windows, 100 a transaction .* 210,000 .* 3,000x/);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
