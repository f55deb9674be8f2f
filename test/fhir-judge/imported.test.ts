/** What comes out of the API after real files went in, judged by HL7's own validator, and compared with what went in. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { FhirJson } from '../../lambdas/fhir-api/src/definitions/fhir-json.ts';
import { importBundle } from '../../lambdas/fhir-api/src/import/import-bundle.ts';
import { testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import { doctor, emptyRecord } from '../../lambdas/fhir-api/src/testing/story.ts';
import { bundlesIn, isOfPatient } from '../fhir-interop/files.ts';
import { judge, prepareJudge, type Verdict } from './judge.ts';

const ready = prepareJudge();
const files = [...bundlesIn('synthea'), ...bundlesIn('ips')].filter(isOfPatient);
const isAble = ready.isReady && files.length > 0;
const reason = ready.isReady ? 'there is no ../shared/data' : ready.reason;

const Entries = z.object({
  entry: z.array(z.object({ resource: FhirJson })).default([]),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
});

/** Errors of the validator, without what it says about the file itself: that is not ours. */
function errors(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ severity }) => severity === 'ERROR' || severity === 'FATAL')
    .map(({ text }) => text.replace(/'[^']*'|"[^"]*"|urn:\S+|https?:\S+/g, '…'))
    .sort();
}

interface Judged {
  readonly source: FhirJson;
  readonly shown: FhirJson;
  readonly sourceErrors: string[];
  readonly shownErrors: string[];
}

const suite = isAble ? describe : describe.skip;

suite(isAble ? 'imported resources' : `imported resources (skipped: ${reason})`, () => {
  const judged: Judged[] = [];
  const whole: string[] = [];

  beforeAll(async () => {
    const api = testApi(emptyRecord(), [doctor]);
    const pairs: { source: FhirJson; shown: FhirJson }[] = [];
    const bundles: unknown[] = [];
    for (const file of files) {
      const outcomes = await importBundle(
        { resourceType: 'Bundle', type: file.type, entry: file.entry },
        {
          mode: 'lenient',
          post: ({ path, headers, body }) =>
            api.send(doctor, path, { method: 'POST', headers, body }),
        },
      );
      for (const { index, place = '' } of outcomes) {
        const source = file.entry[index]?.resource;
        const shown = FhirJson.parse(JSON.parse((await api.send(doctor, place)).text));
        if (source !== undefined) pairs.push({ source, shown });
      }
      const patient = outcomes.find(({ resourceType }) => resourceType === 'Patient')?.place ?? '';
      for (const path of [
        `${patient}/$summary`,
        `${patient}/$everything?_count=3`,
        `${patient}/_history`,
      ]) {
        bundles.push(JSON.parse((await api.send(doctor, path)).text));
      }
      const { entry } = Entries.parse(bundles.at(-2));
      expect(entry.length).toBeGreaterThan(0);
    }
    bundles.push(JSON.parse((await api.send(undefined, 'metadata')).text));
    if (!ready.isReady) return;
    const verdicts = await judge(ready.jars, [
      ...pairs.map(({ source }) => source),
      ...pairs.map(({ shown }) => shown),
      ...bundles,
    ]);
    for (const [index, pair] of pairs.entries()) {
      judged.push({
        ...pair,
        sourceErrors: errors(verdicts[index] ?? []),
        shownErrors: errors(verdicts[pairs.length + index] ?? []),
      });
    }
    for (const [index, bundle] of bundles.entries()) {
      const own = (verdicts[pairs.length * 2 + index] ?? []).filter(
        ({ severity, place }) =>
          severity === 'ERROR' &&
          !/\.resource/.test(
            place.replace(/^Bundle\.entry\[\d+\]\.resource\/\*Composition/, 'Composition'),
          ),
      );
      whole.push(
        ...own.map(
          ({ place, text }) => `${String(Reflect.get(Object(bundle), 'type'))} ${place}: ${text}`,
        ),
      );
    }
  }, 300_000);

  it('have no error that the file did not have', () => {
    expect(judged.length).toBeGreaterThan(300);
    const worse = judged.filter(({ sourceErrors, shownErrors }) =>
      shownErrors.some((text) => !sourceErrors.includes(text)),
    );
    expect(
      worse.map(({ shown, shownErrors }) => [shown.resourceType, shownErrors.slice(0, 3)]),
    ).toEqual([]);
  });

  it('are valid wherever the file was', () => {
    const valid = judged.filter(({ sourceErrors }) => sourceErrors.length === 0);
    expect(valid.length / judged.length).toBeGreaterThan(0.7);
    expect(valid.filter(({ shownErrors }) => shownErrors.length > 0)).toEqual([]);
  });

  it('come in Bundles that are valid', () => {
    expect([...new Set(whole)]).toEqual([]);
  });
});
