import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import { type AdminServer, startAdminServer } from '../admin/admin-server.ts';
import { adminFileSchema } from '../admin/protocol.ts';
import { connectAdmin } from '../client/admin-client.ts';
import { connectGateway, type DevnetClient } from '../client/connect.ts';
import { gatewayErrorOf, TestNetwork } from '../testing/running-network.ts';
import type { DevnetControl, IdentityRequest } from './control.ts';
import { ControlError } from './errors.ts';

const QUICK = { ...NETWORK, block: { ...NETWORK.block, batchTimeoutMs: 20 } };
const SECRET = { transientData: { value: Buffer.from('private') } };

let network: TestNetwork;
let server: AdminServer;
/** Over the admin endpoint, so that it is tested with everything. */
let control: DevnetControl;
let adminFile: string;
const clients: DevnetClient[] = [];

beforeAll(async () => {
  network = await TestNetwork.start({ definition: QUICK });
  adminFile = join(network.dir, 'admin.json');
  server = await startAdminServer({ control: network.devnet.control, file: adminFile, port: 0 });
  control = await connectAdmin(adminFile);
});

afterAll(async () => {
  for (const client of clients) client.close();
  await server.close();
  await network.stop();
});

beforeEach(async () => {
  await control.clearFaults();
});

async function clientAs(asked: IdentityRequest, at = asked.organization): Promise<DevnetClient> {
  const client = connectGateway(network.devnet.profile, at, await control.issueIdentity(asked));
  clients.push(client);
  return client;
}

const nurse = (): Promise<DevnetClient> =>
  clientAs({ organization: 'hospital', attributes: { role: 'nurse' } });

async function valueOf(client: DevnetClient, key: string): Promise<string> {
  return Buffer.from(await client.contract.evaluateTransaction('get', key)).toString();
}

/** Submits, and answers the name of the validation code and the transaction's id. */
async function codeOf(
  client: DevnetClient,
  name: string,
  ...args: readonly string[]
): Promise<{ readonly txId: string; readonly code: string }> {
  const options = { arguments: [...args], ...SECRET };
  const submitted = await client.contract.submitAsync(name, options);
  await submitted.getStatus();
  const { code } = await control.trace(submitted.getTransactionId());
  return { txId: submitted.getTransactionId(), code };
}

describe('snapshots of a running network', () => {
  test('take everything back, and later transactions go on from there', async () => {
    const client = await nurse();
    await client.contract.submitTransaction('put', 'a', '1');
    const { id, height } = await control.snapshot();
    for (const value of ['2', '3']) {
      await client.contract.submitTransaction('append', 'a', value);
      expect(await valueOf(client, 'a')).toBe(`1${value}`);
      await control.revert(id);
      expect(await valueOf(client, 'a')).toBe('1');
    }
    expect((await control.status()).height).toBe(height);
    await control.releaseSnapshot(id);
    expect((await control.status()).snapshots).toEqual([]);
    expect(await control.verify()).toEqual({ height });
  });

  test('wait for what runs', async () => {
    const client = await nurse();
    const slow = client.contract.submitTransaction('sleep', '400');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = (await control.status()).height;
    const { id } = await control.snapshot();
    await slow;
    await control.revert(id);
    expect((await control.status()).height).toBe(before);
  });

  test('end event streams: what they have read is not so any more', async () => {
    const client = await nurse();
    const { id } = await control.snapshot();
    const startBlock = BigInt((await control.status()).height);
    const events = await client.network.getChaincodeEvents('pulse', { startBlock });
    await client.contract.submitTransaction('event', 'happened', '1');
    const stream = events[Symbol.asyncIterator]();
    expect(await stream.next()).toMatchObject({ value: { eventName: 'happened' } });
    const next = gatewayErrorOf(stream.next());
    await control.revert(id);
    expect((await next).code).toBe(status.UNAVAILABLE);
    events.close();
  });

  test('are refused with what to do when there is none of that id', async () => {
    await expect(control.revert(4711)).rejects.toThrow(
      new ControlError('There is no snapshot 4711.'),
    );
  });
});

describe('dump and load', () => {
  test('carry the ledger over what came later', async () => {
    const client = await nurse();
    await client.contract.submitTransaction('put', 'carried', '1');
    const file = join(network.dir, 'dump');
    await control.dump(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await client.contract.submitTransaction('put', 'carried', '2');
    await control.load(file);
    expect(await valueOf(client, 'carried')).toBe('1');
    await client.contract.submitTransaction('append', 'carried', '3');
    expect(await valueOf(client, 'carried')).toBe('13');
  });

  test('are refused when the file is damaged, absent, or of another network', async () => {
    const file = join(network.dir, 'damaged');
    await writeFile(file, 'damaged');
    await expect(control.load(file)).rejects.toThrow('The dump cannot be loaded');
    await expect(control.load(join(network.dir, 'none'))).rejects.toThrow('cannot be read');
    const other = await TestNetwork.start({ definition: QUICK });
    try {
      await other.devnet.control.dump(file);
    } finally {
      await other.stop();
    }
    await expect(control.load(file)).rejects.toThrow('certificate authorities');
    expect((await control.status()).height).toBeGreaterThan(0);
  });
});

describe('block cutting', () => {
  test('by hand puts what waits into one block', async () => {
    const client = await nurse();
    await control.setCutting({ mode: 'manual' });
    try {
      const first = await client.contract.submitAsync('put', { arguments: ['m1', '1'] });
      const second = await client.contract.submitAsync('put', { arguments: ['m2', '1'] });
      expect((await control.status()).pending).toBe(2);
      await expect(control.snapshot()).rejects.toThrow(
        '2 transactions are accepted and in no block',
      );
      const [block, ...others] = await control.mine();
      expect(others).toEqual([]);
      expect(block?.transactions).toEqual([
        { txId: first.getTransactionId(), code: 'VALID' },
        { txId: second.getTransactionId(), code: 'VALID' },
      ]);
      expect(await control.mine()).toEqual([]);
      expect(await first.getStatus()).toMatchObject({ successful: true });
    } finally {
      await control.setCutting({ mode: 'timer', ms: 20 });
    }
  });

  test('by size waits for so many, automatically for none', async () => {
    const client = await nurse();
    const put = (key: string): ReturnType<typeof client.contract.submitAsync> =>
      client.contract.submitAsync('put', { arguments: [key, '1'] });
    try {
      await control.setCutting({ mode: 'size', transactions: 2 });
      const [a, b] = [await put('s1'), await put('s2')];
      expect((await a.getStatus()).blockNumber).toBe((await b.getStatus()).blockNumber);
      await put('s3');
      expect((await control.status()).pending).toBe(1);
      await control.setCutting({ mode: 'auto' });
      expect((await control.status()).pending).toBe(0);
      const [c, d] = [await put('s4'), await put('s5')];
      expect((await d.getStatus()).blockNumber - (await c.getStatus()).blockNumber).toBe(1n);
    } finally {
      await control.setCutting({ mode: 'timer', ms: 20 });
    }
  });

  test('by hand makes two transactions conflict, and the trace says over what', async () => {
    const client = await nurse();
    await control.setCutting({ mode: 'manual' });
    try {
      await client.contract.submitAsync('append', { arguments: ['both', 'x'] });
      const late = await client.contract.submitAsync('append', { arguments: ['both', 'y'] });
      const [block] = await control.mine();
      expect(block?.transactions.map(({ code }) => code)).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
      expect((await control.trace(late.getTransactionId())).why).toBe(
        `It read nothing at key "both" of pulse; at its commit there was the value of block ${block?.number ?? 0}, transaction 0.`,
      );
    } finally {
      await control.setCutting({ mode: 'timer', ms: 20 });
    }
  });
});

describe('the clock of the peers', () => {
  test('decides about the time window and about expiry', async () => {
    const client = await nurse();
    const short = await clientAs({ organization: 'hospital', notAfterMs: Date.now() + 30_000 });
    expect(await valueOf(short, 'nothing')).toBe('');
    try {
      await control.setTime(Date.now() + 40_000);
      expect(await valueOf(client, 'nothing')).toBe('');
      const expired = await gatewayErrorOf(short.contract.evaluateTransaction('get', 'a'));
      expect(expired.details[0]?.message).toContain('proposal client identity expired');
      const { offsetMs } = await control.setTime(Date.now() + 3_600_000);
      expect(Math.round(offsetMs / 1_000)).toBe(3_600);
      const late = await gatewayErrorOf(client.contract.evaluateTransaction('get', 'a'));
      expect(late.details[0]?.message).toContain('request unauthorized due to incorrect timestamp');
    } finally {
      expect((await control.setTime(undefined)).offsetMs).toBe(0);
    }
    expect(await valueOf(client, 'nothing')).toBe('');
  });
});

describe('faults', () => {
  test('make so many matching transactions conflict, and no others', async () => {
    const client = await nurse();
    const match = { functionName: 'put', creatorMspId: 'HospitalMSP' };
    await control.addFault({ fault: { kind: 'conflict' }, times: 2, match });
    expect((await codeOf(client, 'append', 'f', '1')).code).toBe('VALID');
    const { txId, code } = await codeOf(client, 'put', 'f', '2');
    expect(code).toBe('MVCC_READ_CONFLICT');
    expect((await control.trace(txId)).why).toBe('A fault was asked for.');
    expect((await control.status()).faults).toMatchObject([{ left: 1, match }]);
    expect((await codeOf(client, 'put', 'f', '3')).code).toBe('MVCC_READ_CONFLICT');
    expect((await codeOf(client, 'put', 'f', '4')).code).toBe('VALID');
    expect(await valueOf(client, 'f')).toBe('4');
  });

  test('make endorsers disagree', async () => {
    const client = await nurse();
    await control.addFault({ fault: { kind: 'endorsement-mismatch' }, times: 1, match: {} });
    const refused = await gatewayErrorOf(client.contract.submitTransaction('put', 'g', '1'));
    expect(refused.code).toBe(status.ABORTED);
    expect(refused.details[0]?.message).toBe('ProposalResponsePayloads do not match');
    expect((await codeOf(client, 'put', 'g', '2')).code).toBe('VALID');
  });

  test('lose and delay what the orderer accepted', async () => {
    const client = await nurse();
    await control.addFault({ fault: { kind: 'drop' }, times: 1, match: {} });
    const lost = await client.contract.submitAsync('put', { arguments: ['h', '1'] });
    const delay = { kind: 'delay', at: 'ordering', ms: 300 } as const;
    await control.addFault({ fault: delay, times: 1, match: {} });
    const late = await client.contract.submitAsync('put', { arguments: ['h', '2'] });
    expect((await control.status()).pending).toBe(1);
    await client.contract.submitTransaction('put', 'other', '1');
    await late.getStatus();
    expect(await valueOf(client, 'h')).toBe('2');
    await expect(control.trace(lost.getTransactionId())).rejects.toThrow(
      'No transaction with that id is committed',
    );
  });

  test('delay simulations', async () => {
    const client = await nurse();
    const delay = { kind: 'delay', at: 'simulation', ms: 400 } as const;
    const { id } = await control.addFault({ fault: delay, times: 5, match: {} });
    const started = performance.now();
    await valueOf(client, 'a');
    expect(performance.now() - started).toBeGreaterThan(390);
    expect(await control.clearFaults(id)).toBe(1);
  });

  test('lose private data at one peer', async () => {
    const client = await nurse();
    const fault = { kind: 'lose-private-data', peerMspId: 'ClinicMSP' } as const;
    await control.addFault({ fault, times: 1, match: {} });
    expect((await codeOf(client, 'putPrivate', 'providers', 'lost')).code).toBe('VALID');
    const clinic = await clientAs({ organization: 'clinic', attributes: { role: 'nurse' } });
    const read = { arguments: ['providers', 'lost'] };
    expect(Buffer.from(await client.contract.evaluate('getPrivate', read)).toString()).toBe(
      'private',
    );
    const refused = await gatewayErrorOf(clinic.contract.evaluate('getPrivate', read));
    expect(refused.message + JSON.stringify(refused.details)).toContain('is not available');
  });
});

describe('a trace', () => {
  test('tells reads, writes, endorsers and private hashes', async () => {
    const client = await nurse();
    const { txId } = await codeOf(client, 'append', 'traced', 'x');
    const trace = await control.trace(txId);
    expect(trace).toMatchObject({
      txId,
      code: 'VALID',
      chaincode: 'pulse',
      args: [{ text: 'append' }, { text: 'traced' }, { text: 'x' }],
      creator: { mspId: 'HospitalMSP' },
      response: { status: 200, payload: { text: 'x' } },
      namespaces: expect.arrayContaining([
        expect.objectContaining({
          namespace: 'pulse',
          reads: [{ key: 'traced', version: null }],
          writes: [{ key: 'traced', value: { text: 'x' } }],
        }),
      ]),
    });
    expect(trace.endorsers.map(({ mspId }) => mspId).sort()).toEqual(['ClinicMSP', 'HospitalMSP']);
    const hidden = await codeOf(client, 'putPrivate', 'providers', 'secret');
    const [collection] = (await control.trace(hidden.txId)).namespaces.flatMap(
      (n) => n.collections,
    );
    expect(collection).toMatchObject({ collection: 'providers', writes: null });
    expect(collection?.hashedWrites).toHaveLength(1);
    expect(JSON.stringify(collection)).not.toContain('secret');
  });
});

describe('identities', () => {
  test('are whoever is asked for', async () => {
    const client = await clientAs({ organization: 'insurer', attributes: { role: 'agent' } });
    const creator = await client.contract.evaluate('creator', {
      endorsingOrganizations: ['HospitalMSP'],
    });
    expect(Buffer.from(creator).toString()).toBe('InsurerMSP');
    await expect(control.issueIdentity({ organization: 'nobody' })).rejects.toThrow(
      'There is no organization of that name. There are: hospital, clinic, insurer.',
    );
  });
});

describe('the admin endpoint', () => {
  async function send(
    path: string,
    options: { method?: string; token?: string; body?: string },
  ): Promise<{ status: number | undefined; body: unknown }> {
    const { method = 'POST', token, body = '{}' } = options;
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'POST' ? { 'content-length': Buffer.byteLength(body) } : {}),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, server.url), { method, headers, agent: false });
      sent.once('error', reject);
      sent.once('response', (response) => {
        void json(response).then((answer) => {
          resolve({ status: response.statusCode, body: answer });
        }, reject);
      });
      sent.end(method === 'POST' ? body : undefined);
    });
  }

  test('says what it is, and does nothing without the token', async () => {
    expect(await send('/', { method: 'GET' })).toMatchObject({
      status: 200,
      body: { what: expect.stringContaining('for development only') },
    });
    for (const token of [undefined, '', 'guessed']) {
      expect(await send('/v1/snapshot', token === undefined ? {} : { token })).toMatchObject({
        status: 401,
      });
    }
    expect((await control.status()).snapshots).toEqual([]);
    expect((await stat(adminFile)).mode & 0o777).toBe(0o600);
  });

  test('refuses what is no request of it', async () => {
    const { token } = adminFileSchema.parse(JSON.parse(await readFile(adminFile, 'utf8')));
    expect(await send('/v1/unknown', { token })).toMatchObject({ status: 404 });
    expect(await send('/v1/revert', { token, body: '{"id":"1"}' })).toMatchObject({ status: 400 });
    expect(await send('/v1/revert', { token, body: 'no' })).toMatchObject({ status: 400 });
    expect(await send('/v1/revert', { token, body: '{"id":77}' })).toMatchObject({ status: 409 });
  });

  test('tells whoever asks where none is', async () => {
    await expect(connectAdmin(join(network.dir, 'absent'))).rejects.toThrow('with --admin');
  });
});
