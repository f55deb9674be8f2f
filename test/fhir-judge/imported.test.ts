/** What comes out of the API after real files went in, judged by HL7's own validator, and compared with what went in. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { FhirJson } from '../../lambdas/fhir-api/src/definitions/fhir-json.ts';
import { importBundle } from '../../lambdas/fhir-api/src/import/import-bundle.ts';
import { type TestApi, testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import { doctor, emptyRecord } from '../../lambdas/fhir-api/src/testing/story.ts';
import { bundlesIn, isOfPatient, type SourceBundle } from '../fhir-interop/files.ts';
import { judge, prepareJudge, type Verdict } from './judge.ts';

const ready = prepareJudge();
const files = [...bundlesIn('synthea'), ...bundlesIn('ips')].filter(isOfPatient);
const isAble = ready.isReady && files.length > 0;
const reason = ready.isReady ? 'there is no ../shared/data' : ready.reason;

/** Errors of the validator, without what it says about the file itself: that is not ours. */
function errors(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ severity }) => severity === 'ERROR' || severity === 'FATAL')
    .map(({ text }) => text.replace(/'[^']*'|"[^"]*"|urn:\S+|https?:\S+/g, '…'))
    .sort();
}

interface Judged extends Pair {
  readonly sourceErrors: string[];
  readonly shownErrors: string[];
}

const suite = isAble ? describe : describe.skip;

interface Pair {
  readonly source: FhirJson;
  readonly shown: FhirJson;
}

/** Imports one file. @returns its resources as they come out, and Bundles of them */
async function throughTheApi(
  api: TestApi,
  file: SourceBundle,
): Promise<{ pairs: Pair[]; bundles: FhirJson[] }> {
  const read = async (path: string): Promise<FhirJson> =>
    FhirJson.parse(JSON.parse((await api.send(doctor, path)).text));
  const outcomes = await importBundle(
    { resourceType: 'Bundle', type: file.type, entry: file.entry },
    {
      mode: 'lenient',
      post: ({ path, headers, body }) => api.send(doctor, path, { method: 'POST', headers, body }),
    },
  );
  const pairs: Pair[] = [];
  for (const { index, place = '' } of outcomes) {
    const source = file.entry[index]?.resource ?? { resourceType: '' };
    pairs.push({ source, shown: await read(place) });
  }
  const patient = outcomes.find(({ resourceType }) => resourceType === 'Patient')?.place ?? '';
  const paths = [`${patient}/$summary`, `${patient}/$everything?_count=3`, `${patient}/_history`];
  return { pairs, bundles: await Promise.all(paths.map(read)) };
}

suite(isAble ? 'imported resources' : `imported resources (skipped: ${reason})`, () => {
  const judged: Judged[] = [];
  const whole: string[] = [];

  beforeAll(async () => {
    if (!ready.isReady) return;
    const api = testApi(emptyRecord(), [doctor]);
    const pairs: Pair[] = [];
    const bundles: FhirJson[] = [];
    for (const file of files) {
      const made = await throughTheApi(api, file);
      pairs.push(...made.pairs);
      bundles.push(...made.bundles);
    }
    bundles.push(FhirJson.parse(JSON.parse((await api.send(undefined, 'metadata')).text)));
    const shown = [...pairs.map(({ source }) => source), ...pairs.map((pair) => pair.shown)];
    const verdicts = await judge(ready.jars, [...shown, ...bundles]);
    for (const [index, pair] of pairs.entries()) {
      judged.push({
        ...pair,
        sourceErrors: errors(verdicts[index] ?? []),
        shownErrors: errors(verdicts[pairs.length + index] ?? []),
      });
    }
    // What a resource of the file has wrong, it has wrong in a Bundle too.
    const ofBundles = verdicts.slice(shown.length).flat();
    const own = ofBundles.filter(
      ({ severity, place }) => severity === 'ERROR' && !place.includes('.resource'),
    );
    whole.push(...own.map(({ place, text }) => `${place}: ${text}`));
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
