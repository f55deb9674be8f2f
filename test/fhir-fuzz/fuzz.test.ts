/** The API as its own OpenAPI describes it, fuzzed with a patient's, a doctor's and no token. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import {
  AMINA,
  amina,
  BORIS,
  BORIS_WATCH,
  boris,
  doctor,
  nurse,
  storyRecord,
  TEN,
  WATCH,
} from '../../lambdas/fhir-api/src/testing/story.ts';
import { type ServedApi, serveApi } from '../fhir-interop/http-server.ts';
import { fuzz, prepareFuzzer } from './schemathesis.ts';

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'allow_header_conformance',
  'unsupported_method',
];
/** Stands in Boris' record alone, whom neither Amina nor her doctor may see. */
const CANARY = 'CANARY-OF-BORIS';
const SEED = '20261122';

const ready = prepareFuzzer();
const suite = ready.isReady ? describe : describe.skip;

const OpenApi = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({ parameters: z.array(z.looseObject({ name: z.string() })) }),
    ),
  ),
});

suite(ready.isReady ? 'fuzzing' : `fuzzing (skipped: ${ready.reason})`, () => {
  let served: ServedApi;
  let folder: string;
  let description: string;
  let secretId: string;

  beforeAll(async () => {
    served = await serveApi(storyRecord(), [amina, boris, doctor, nurse]);
    folder = await mkdtemp(join(tmpdir(), 'pulse-fuzz-'));
    const made = await fetch(`${served.baseUrl}/Procedure`, {
      method: 'POST',
      headers: {
        'content-type': 'application/fhir+json',
        authorization: `Bearer ${nurse.subject}`,
      },
      body: JSON.stringify({
        resourceType: 'Procedure',
        status: 'completed',
        code: { text: CANARY },
        subject: { reference: `Patient/${BORIS}` },
      }),
    });
    secretId = z.object({ id: z.string() }).parse(await made.json()).id;
    description = join(folder, 'openapi.json');
    const openApi = await fetch(`${served.baseUrl}/openapi.json`);
    await writeFile(description, JSON.stringify(withExamples(OpenApi.parse(await openApi.json()))));
  });

  afterAll(async () => {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Ids that exist, so that the fuzzer also knocks at doors behind which there is something. */
  function withExamples(document: z.infer<typeof OpenApi>): unknown {
    const ids = [
      ...[AMINA, BORIS, WATCH, BORIS_WATCH, secretId],
      `${BORIS_WATCH}-1-0-${TEN.toString(36)}`,
    ];
    const examples = Object.fromEntries(ids.map((value, index) => [`id${index}`, { value }]));
    for (const operations of Object.values(document.paths)) {
      for (const { parameters } of Object.values(operations)) {
        for (const parameter of parameters) {
          if (['id', 'patient', '_id'].includes(parameter.name)) parameter['examples'] = examples;
        }
      }
    }
    return document;
  }

  const logins: [string, Caller | undefined][] = [
    ["a patient's token", amina],
    ["a doctor's token", doctor],
    ['no token', undefined],
  ];

  it.each(logins)(
    'with %s finds no failure of the server, and nothing of somebody else',
    async (_, caller) => {
      if (!ready.isReady) return;
      served.answers.length = 0;
      const login = caller === undefined ? [] : ['-H', `Authorization: Bearer ${caller.subject}`];
      const { code, output } = await fuzz(ready.program, [
        description,
        ...['--url', served.baseUrl, '--checks', CHECKS.join(','), '--seed', SEED],
        ...['--phases', 'examples,coverage,fuzzing', '--max-examples', '10', '--workers', '1'],
        ...['--suppress-health-check', 'all', '--warnings', 'off', '--continue-on-failure'],
        ...login,
      ]);
      expect([code, code === 0 ? '' : output.slice(-6_000)]).toEqual([0, '']);
      expect(served.answers.length).toBeGreaterThan(300);
      expect(served.answers.filter(({ status }) => status >= 500)).toEqual([]);
      const leaks = served.answers.filter(({ text }) => /CANARY-OF-BORIS|O'Neill|"S-2"/.test(text));
      expect(leaks.map(({ path }) => path)).toEqual([]);
    },
    300_000,
  );
});
