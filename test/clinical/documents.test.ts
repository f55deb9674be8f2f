import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionProfile } from '@pulseledger/domain';
import { connectGateway } from '@pulseledger/ledger';
import { z } from 'zod';
import { clientOf } from '../canary/clinical.ts';
import { type Answer, RunningSystem } from '../integration/running-system.ts';
import { CHECKOUT, freePort, withFolder } from '../integration/start.ts';

const LIMIT_MS = 240_000;
const TEXT = 'Letter about a canary, 4711';
const Bundle = z.object({ entry: z.array(z.object({ resource: z.object({ id: z.string() }) })) });
const Created = z.object({ id: z.string() });

async function command(args: readonly string[]): Promise<string> {
  const main = join(CHECKOUT, 'local/src/erasures-command/main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
  return stdout;
}

function post(system: RunningSystem, path: string, token: string, body: object): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(`${system.system.apiUrl}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/fhir+json',
      prefer: 'return=representation',
    },
    ca: system.system.apiCaPem,
    agent: false,
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() });
    });
  });
  sent.end(JSON.stringify(body));
  return promise;
}

describe('a document in the running system', () => {
  let system: RunningSystem;
  let ended: Promise<unknown>;
  let finish: (() => void) | undefined;
  beforeAll(async () => {
    const started = Promise.withResolvers<undefined>();
    ended = withFolder(async (folder) => {
      const port = String(await freePort());
      const args = ['--network', 'devnet', '--devices', '0', '--port', port];
      system = await RunningSystem.start(folder, args);
      const finished = Promise.withResolvers<undefined>();
      finish = () => {
        finished.resolve(undefined);
      };
      started.resolve(undefined);
      await finished.promise;
      await system.stop();
    });
    ended.catch(started.reject);
    await started.promise;
  }, LIMIT_MS);
  afterAll(async () => {
    finish?.();
    await ended;
  }, LIMIT_MS);

  it(
    'is stored encrypted beside the ledger and read back with its bytes, by who may read it',
    async () => {
      const doctor = await system.token('hospital-doctor');
      const { patientId } = system.system.patients[0]!;
      const data = Buffer.from(TEXT).toString('base64');
      const attachment = { contentType: 'text/plain', data, title: 'Letter' };
      const resource = {
        resourceType: 'DocumentReference',
        status: 'current',
        subject: { reference: `Patient/${patientId}` },
        content: [{ attachment }],
      };
      const created = await post(system, '/DocumentReference', doctor, resource);
      expect([created.status, created.body.includes('OperationOutcome')]).toEqual([201, false]);
      const { id } = Created.parse(JSON.parse(created.body));
      const folder = join(system.folder, 'documents');
      const [name = ''] = await readdir(folder);
      const kept = await readFile(join(folder, name));
      expect(kept.length).toBeGreaterThan(TEXT.length);
      expect(kept.includes(TEXT) || kept.includes(data)).toBe(false);
      for (const login of ['hospital-doctor', 'patient-ada']) {
        const answer = await system.get(`/DocumentReference/${id}`, await system.token(login));
        expect(answer.status).toBe(200);
        expect(JSON.parse(answer.body)).toMatchObject({ content: [{ attachment }] });
      }
      const list = await system.get(`/DocumentReference?patient=${patientId}`, doctor);
      expect(list.body).toContain('"size":27');
      expect(list.body).not.toContain(data);
      const stranger = await system.get(
        `/DocumentReference/${id}`,
        await system.token('patient-ben'),
      );
      expect([403, 404]).toContain(stranger.status);
    },
    LIMIT_MS,
  );

  it(
    'is gone when the patient’s record is erased, and the operators’ command says that nothing is left',
    async () => {
      const { folder } = system;
      const { patientId } = system.system.patients[0]!;
      const doctor = await system.token('hospital-doctor');
      const list = await system.get(`/DocumentReference?patient=${patientId}`, doctor);
      const [id = ''] = Bundle.parse(JSON.parse(list.body)).entry.map(
        ({ resource }) => resource.id,
      );
      const file = join(folder, 'run', 'connection-profile.json');
      const profile = ConnectionProfile.parse(JSON.parse(await readFile(file, 'utf8')));
      const connection = connectGateway(profile, 'hospital');
      const as = (role: string, subjectId: string) =>
        clientOf(folder, connection, { role, subjectId });
      const requestId = await (await as('patient', patientId)).requestErasure(
        patientId,
        'clinical',
      );
      const administrator = await as('administrator', randomBytes(16).toString('hex'));
      const retainUntilMs = Date.now() - 60_000;
      await administrator.answerErasure({ patientId, requestId, refusal: null, retainUntilMs });
      connection.close();
      const carriedOut = await command(['carry-out', patientId, requestId, '--data', folder]);
      expect(carriedOut).toContain('keys purged');
      expect(await readdir(join(folder, 'documents'))).toEqual([]);
      for (const organization of ['hospital', 'clinic']) {
        const checked = await command(['check', '--restored', organization, '--data', folder]);
        expect(checked).toContain('Every erasure is replayed');
      }
      const gone = await system.get(`/DocumentReference/${id}`, await system.token('patient-ada'));
      expect([404, 410]).toContain(gone.status);
      const chart = await system.get(`/Patient/${patientId}`, doctor);
      expect(chart.status).toBe(410);
    },
    LIMIT_MS,
  );
});
