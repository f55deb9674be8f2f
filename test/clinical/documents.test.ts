import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { type Answer, RunningSystem } from '../integration/running-system.ts';
import { withFolder } from '../integration/start.ts';

const LIMIT_MS = 240_000;
const TEXT = 'Letter about a canary, 4711';
const Created = z.object({ id: z.string() });

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
      system = await RunningSystem.start(folder, ['--network', 'devnet', '--devices', '0']);
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
});
