import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { splitChunks } from '@pulseledger/domain';
import { LedgerConnection } from './connection.ts';
import { RecordClient, recordChunksTransaction } from './record-client.ts';
import { type CertifiedKey, createSignatory, fixedSignatory } from './signatory.ts';
import { hospitalKeys, PROFILE } from './testing/identities.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';

const patientId = '0123456789abcdef0123456789abcdef';
const permitId = '9e'.repeat(16);
const deviceId = 'fedcba9876543210fedcba9876543210';

let keys: { issuingCa: CertifiedKey; ingest: CertifiedKey };
let gateway: ScriptedGateway;
let connection: LedgerConnection;
let record: RecordClient;

beforeAll(async () => {
  keys = await hospitalKeys();
});

beforeEach(async () => {
  gateway = new ScriptedGateway();
  await gateway.start();
  connection = new LedgerConnection({
    profile: PROFILE,
    organization: 'hospital',
    newClient: () => gateway.newClient(),
  });
  record = new RecordClient({
    connection,
    signatories: fixedSignatory(createSignatory(keys.ingest)),
  });
});

afterEach(() => {
  connection.close();
  gateway.stop();
});

function answer(value: unknown) {
  gateway.result = Buffer.from(JSON.stringify(value));
}

describe('the record client', () => {
  it('submits a change, endorsed by both providers, with its input in transient data only', async () => {
    const input = { deviceId, patientId, fromMs: 1, untilMs: null };
    expect(await record.assignDevice(input)).toEqual({ status: 'changed' });
    const [proposal] = gateway.endorsed;
    expect(proposal).toMatchObject({
      name: 'device:Assign',
      organizations: ['HospitalMSP', 'ClinicMSP'],
    });
    expect(JSON.parse(proposal?.transient.get('input') ?? '')).toEqual(input);
    expect(gateway.valid()).toEqual([proposal?.transactionId]);
  });

  it('evaluates a read and parses the answer', async () => {
    answer({ chunks: ['AAEC'], bookmark: 'b' });
    const page = await record.readChunks({
      ...{ patientId, permitId, fromMs: 0, toMs: 10, pageSize: 5 },
    });
    expect(page).toEqual({ chunks: ['AAEC'], bookmark: 'b' });
    expect(gateway.evaluated[0]?.name).toBe('vitals:ReadChunks');
    expect(gateway.submitted).toEqual([]);
  });

  it('records chunks as the bytes they are', async () => {
    answer({
      results: [{ status: 'recorded' }, { status: 'refused', reason: 'overlap' }],
      root: null,
    });
    const chunks = [Buffer.from('first chunk'), Buffer.from('second')];
    const { results } = await record.recordChunks(chunks);
    expect(results[1]).toEqual({ status: 'refused', reason: 'overlap' });
    const sent = Buffer.from(gateway.endorsed[0]?.transient.get('chunks') ?? '');
    expect(splitChunks(sent).map((chunk) => Buffer.from(chunk))).toEqual(chunks);
  });

  it('says when chunks were received, beside them in transient data', () => {
    const chunks = [Buffer.from('first chunk'), Buffer.from('second')];
    expect(recordChunksTransaction(chunks).transient).not.toHaveProperty('received');
    expect(recordChunksTransaction(chunks, [7, 9]).transient).toHaveProperty('received', '[7,9]');
    expect(() => recordChunksTransaction(chunks, [7, -1])).toThrow('Not as expected: 1.');
  });

  it('asks what is missing of a device', async () => {
    answer({ devices: [], bookmark: deviceId });
    expect(await record.listGaps({ pageSize: 3 })).toEqual({ devices: [], bookmark: deviceId });
    expect(gateway.evaluated[0]?.name).toBe('device:ListGaps');
    answer({ deviceId, status: 'active' });
    await expect(record.readGaps({ deviceId, patientId, permitId })).rejects.toMatchObject({
      code: 'internal',
    });
    expect(gateway.evaluated[1]?.name).toBe('device:ReadGaps');
  });

  it('does not send input that the contract would refuse, and names fields, not values', async () => {
    const wrong = { deviceId: 'Mrs Jones', patientId, fromMs: 1, untilMs: null };
    const error: unknown = await record.assignDevice(wrong).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid_input' });
    expect(String(error)).toContain('deviceId');
    expect(String(error)).not.toContain('Jones');
    expect(gateway.calls).toEqual([]);
  });

  it('takes no answer in an unknown form', async () => {
    answer({ something: 'else' });
    await expect(record.readPatient({ patientId, permitId })).rejects.toMatchObject({
      code: 'internal',
    });
    gateway.result = Buffer.from('not json');
    await expect(record.readPatient({ patientId, permitId })).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it("throws the contract's own error", async () => {
    gateway.evaluate.push({
      code: status.UNKNOWN,
      message: 'chaincode response 500, access_denied: The caller may not do this.',
    });
    await expect(record.readPatient({ patientId, permitId })).rejects.toMatchObject({
      code: 'access_denied',
      message: 'The caller may not do this.',
    });
  });

  it('says so when it is not known whether a change was committed', async () => {
    gateway.commitStatus.push({ code: status.DEADLINE_EXCEEDED, message: 'context deadline' });
    await expect(record.revokeDevice({ deviceId, sinceMs: 1 })).rejects.toMatchObject({
      code: 'commit_unknown',
    });
  });
});
