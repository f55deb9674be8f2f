import { describe, expect, it } from '@jest/globals';
import { MAX_DIRECTORY_PAGE, PulseError } from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { DirectoryPort } from './clinical-port.ts';
import { namesOf } from './names.ts';

const ID = 'd0'.repeat(16);

/** A directory with one entry, which may be asked for so many at once as the ledger allows. */
function directoryWith(name: unknown, asked: number[] = []): DirectoryPort {
  const never = () => Promise.reject(new Error('not asked for'));
  const resource: FhirJson = { resourceType: 'Practitioner', name };
  const entry = { type: 'Practitioner', id: ID, version: 1, lastUpdatedMs: 0, resource } as const;
  return {
    ...{ list: never, read: never, history: never },
    readAll: (_type, ids) => {
      asked.push(ids.length);
      return Promise.resolve(ids.includes(ID) ? [entry] : []);
    },
  };
}

describe('the names of people', () => {
  it.each<[string, unknown, string | undefined]>([
    ['as it is written', [{ text: 'Dr. Ana Núñez' }], 'Dr. Ana Núñez'],
    ['in parts', [{ prefix: ['Dr.'], given: ['Ana', 'M.'], family: 'Núñez' }], 'Dr. Ana M. Núñez'],
    ['the official one', [{ text: 'Annie' }, { use: 'official', text: 'Ana' }], 'Ana'],
    ['no former one', [{ use: 'maiden', text: 'Ruiz' }, { family: 'Núñez' }], 'Núñez'],
    ['none', [{ given: [] }], undefined],
    ['none of another form', 'Ana', undefined],
  ])('are what the directory says: %s', async (_what, name, shown) => {
    const names = await namesOf(directoryWith(name), [ID, 'e0'.repeat(16)]);
    expect([...names]).toEqual(shown === undefined ? [] : [[ID, shown]]);
  });

  it('are asked for once each, as many at once as the ledger allows', async () => {
    const asked: number[] = [];
    const ids = Array.from({ length: MAX_DIRECTORY_PAGE + 1 }, (_, n) =>
      n.toString(16).padStart(32, '0'),
    );
    await namesOf(directoryWith([], asked), [...ids, ...ids]);
    expect(asked).toEqual([MAX_DIRECTORY_PAGE, 1]);
  });

  it('are missing while the directory does not answer, which hides nobody', async () => {
    const readAll = () => Promise.reject(new PulseError('unavailable'));
    const directory = { ...directoryWith([]), readAll };
    expect(await namesOf(directory, [ID])).toEqual(new Map());
  });
});
