import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { EXIT, Failure } from '../base/failure.ts';
import type { HttpAnswer, HttpRequest } from '../system/https.ts';
import { importFile } from './import.ts';

const PATIENT = 'urn:uuid:6f1a3c62-90a4-4d43-8f1b-2c1f6b1a7d10';
const CONDITIONS = 500;
const Sent = z.object({
  entry: z.array(z.object({ resource: z.object({ resourceType: z.string() }) })),
});

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-import-'));
  file = join(folder, 'large.json');
  const patient = {
    fullUrl: PATIENT,
    resource: { resourceType: 'Patient', birthDate: '1950-01-01' },
  };
  const conditions = Array.from({ length: CONDITIONS }, (_, n) => ({
    resource: {
      resourceType: 'Condition',
      subject: { reference: PATIENT },
      code: { text: `Condition ${n}` },
    },
  }));
  const entry = [patient, ...conditions];
  await writeFile(file, JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }));
});
afterAll(() => rm(folder, { recursive: true }));

/** An API that stores everything, and remembers each part by its key. */
class StoringApi {
  readonly keys: string[] = [];
  readonly #afterPart: () => void;

  constructor(afterPart: () => void = () => undefined) {
    this.#afterPart = afterPart;
  }

  send(_path: string, { headers, body = '' }: HttpRequest = {}): Promise<HttpAnswer> {
    this.keys.push(headers?.['idempotency-key'] ?? '');
    const entry = Sent.parse(JSON.parse(body)).entry.map(({ resource: { resourceType } }, n) => ({
      response: { status: '201 Created', location: `${resourceType}/${n}/_history/1` },
    }));
    this.#afterPart();
    return Promise.resolve({ status: 200, body: JSON.stringify({ entry }) });
  }
}

describe('an import', () => {
  it('ends after the part under way when it is interrupted, and goes on with the same keys', async () => {
    const interrupted = new AbortController();
    const first = new StoringApi(() => {
      interrupted.abort();
    });
    const failure = await importFile(first, file, false, interrupted.signal).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      exitCode: EXIT.interrupted,
      text: { remedy: expect.stringContaining('same command again') },
    });
    const second = new StoringApi();
    const report = await importFile(second, file, false, new AbortController().signal);
    expect(report).toMatchObject({ stored: CONDITIONS + 1, refused: 0, notSent: 0 });
    expect(first.keys).toEqual(second.keys.slice(0, 1));
    expect(new Set(second.keys).size).toBe(second.keys.length);
  });

  it('says of a file that is no Bundle what is wrong with it', async () => {
    const other = join(folder, 'other.json');
    await writeFile(other, '{"resourceType":"Patient"}');
    const signal = new AbortController().signal;
    for (const [name, why] of [
      [other, 'no FHIR Bundle'],
      [join(folder, 'not-there.json'), 'ENOENT'],
    ] as const) {
      await expect(importFile(new StoringApi(), name, false, signal)).rejects.toMatchObject({
        exitCode: EXIT.failed,
        text: { why: expect.stringContaining(why) },
      });
    }
  });
});
