/** Real Bundles go in leniently, and come out again as they were, resource by resource. */
import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@pulseledger/domain';
import {
  type FhirJson,
  isObject,
  mapObjects,
} from '../../lambdas/fhir-api/src/definitions/fhir-json.ts';
import {
  type EntryOutcome,
  type ImportOptions,
  importBundle,
} from '../../lambdas/fhir-api/src/import/import-bundle.ts';
import { type TestApi, testApi } from '../../lambdas/fhir-api/src/testing/api.ts';
import { administrator, doctor, emptyRecord } from '../../lambdas/fhir-api/src/testing/story.ts';
import { bundlesIn, isOfPatient, type SourceBundle } from './files.ts';

const files = [...bundlesIn('synthea'), ...bundlesIn('ips')].filter(isOfPatient);
const suite = files.length > 0 ? describe : describe.skip;
const reason = files.length > 0 ? '' : ' (skipped: there is no ../shared/data)';

function through(api: TestApi): ImportOptions['post'] {
  return async ({ path, headers, body }) => {
    const { status, text } = await api.send(doctor, path, { method: 'POST', headers, body });
    return { status, text };
  };
}

function asBundle({ type, entry }: SourceBundle): object {
  return { resourceType: 'Bundle', type, entry };
}

/** Without id and versions, and with references as the file has them. */
function comparable(resource: FhirJson, names: ReadonlyMap<string, string>): string {
  const { meta, ...others } = resource;
  const rest = Object.fromEntries(Object.entries(others).filter(([name]) => name !== 'id'));
  const kept = isObject(meta)
    ? Object.fromEntries(
        Object.entries(meta).filter(([name]) => !['versionId', 'lastUpdated'].includes(name)),
      )
    : {};
  const named = mapObjects(rest, (object) => {
    const { reference } = object;
    const name = typeof reference === 'string' ? names.get(reference) : undefined;
    return name === undefined ? undefined : { ...object, reference: name };
  });
  return canonicalJson({ ...(isObject(named) ? named : {}), meta: kept });
}

suite(`import${reason}`, () => {
  it.each(files.map((file) => [file.name, file] as const))(
    'of %s reads back equal',
    async (_, file) => {
      const api = testApi(emptyRecord(), [doctor]);
      const outcomes = await importBundle(asBundle(file), { mode: 'lenient', post: through(api) });
      expect(outcomes.filter(({ status }) => status !== 'stored')).toEqual([]);
      expect(outcomes).toHaveLength(file.entry.length);
      const names = new Map<string, string>();
      for (const { index, place = '' } of outcomes) {
        names.set(place, file.entry[index]?.fullUrl ?? '');
      }
      for (const { index, place = '' } of outcomes) {
        const { resource } = await api.send(doctor, place);
        const source = file.entry[index]?.resource ?? { resourceType: '' };
        expect(comparable({ ...resource }, names)).toBe(comparable(source, new Map()));
      }
    },
  );

  it.each(files.map((file) => [file.name, file] as const))(
    'of %s twice stores it once',
    async (_, file) => {
      const api = testApi(emptyRecord(), [doctor]);
      const options = { mode: 'lenient', post: through(api) } as const;
      const first = await importBundle(asBundle(file), options);
      const second = await importBundle(asBundle(file), options);
      const places = (outcomes: EntryOutcome[]): unknown => outcomes.map(({ place }) => place);
      expect(places(second)).toEqual(places(first));
      expect(second.every(({ status }) => status === 'known')).toBe(true);
      expect(api.clinical.size).toBe(file.entry.length);
    },
  );

  it('of directories goes to the directory, where anybody finds it', async () => {
    const directories = bundlesIn('synthea').filter((file) => !isOfPatient(file));
    expect(directories.length).toBeGreaterThan(0);
    for (const file of directories) {
      const api = testApi(emptyRecord(), [administrator]);
      const post: ImportOptions['post'] = ({ path, headers, body }) =>
        api.send(administrator, path, { method: 'POST', headers, body });
      const outcomes = await importBundle(asBundle(file), { mode: 'lenient', post });
      expect(outcomes.filter(({ status }) => status !== 'stored')).toEqual([]);
      for (const { index, place = '' } of outcomes) {
        const { resource } = await api.send(undefined, place);
        const source = file.entry[index]?.resource ?? { resourceType: '' };
        expect(comparable({ ...resource }, new Map())).toBe(comparable(source, new Map()));
      }
      const again = await importBundle(asBundle(file), { mode: 'lenient', post });
      expect(again.every(({ status }) => status === 'known')).toBe(true);
    }
  });

  it('goes on where it was broken off', async () => {
    const [file] = files;
    if (file === undefined) return;
    const api = testApi(emptyRecord(), [doctor]);
    let calls = 0;
    const post: ImportOptions['post'] = (request) => {
      calls += 1;
      // The first part is stored, but its answer never arrives.
      const sent = through(api)(request);
      return calls === 1 ? sent.then(() => ({ status: 503, text: '' })) : sent;
    };
    const broken = await importBundle(asBundle(file), { mode: 'lenient', post });
    expect(broken.some(({ status }) => status === 'not-sent')).toBe(true);
    const whole = await importBundle(asBundle(file), { mode: 'lenient', post });
    expect(whole.filter(({ status }) => !['stored', 'known'].includes(status))).toEqual([]);
    expect(api.clinical.size).toBe(file.entry.length);
  });

  it('strictly refuses what is doubtful, and stores nothing of it', async () => {
    const doubtful = files.filter(({ name }) => /Yundt|Fay|Mej/.test(name));
    expect(doubtful).toHaveLength(3);
    for (const file of doubtful) {
      const api = testApi(emptyRecord(), [doctor]);
      const outcomes = await importBundle(asBundle(file), { mode: 'strict', post: through(api) });
      const refused = outcomes.filter(({ status }) => status === 'refused');
      expect(refused.length).toBeGreaterThan(0);
      expect(outcomes.some(({ status }) => status === 'stored')).toBe(false);
      expect(api.clinical.size).toBe(0);
      const texts = refused.flatMap(({ remarks }) => remarks.map(({ text }) => text)).join(' ');
      expect(texts).toMatch(/55284-4|check digit/);
    }
  });

  it('leniently keeps out the one entry that is wrong, and says why', async () => {
    const [file] = files;
    if (file === undefined) return;
    const entry = file.entry.map((one, index) =>
      index === 5 ? { ...one, resource: { ...one.resource, unknownElement: 1 } } : one,
    );
    const api = testApi(emptyRecord(), [doctor]);
    const outcomes = await importBundle(
      { resourceType: 'Bundle', type: file.type, entry },
      { mode: 'lenient', post: through(api) },
    );
    expect(outcomes.filter(({ status }) => status !== 'stored')).toEqual([
      expect.objectContaining({
        index: 5,
        status: 'refused',
        remarks: [expect.objectContaining({ severity: 'error' })],
      }),
    ]);
  });
});
