import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import { nodesOf } from './nodes.ts';

describe.each(Object.values(ENVIRONMENTS))('nodes of $name', (environment) => {
  const nodes = nodesOf(environment);

  test('are as many as the table says, with names and addresses of their own', () => {
    const expected = environment.organizations.reduce(
      (sum, { peers, orderers }) => sum + peers + orderers,
      0,
    );
    expect(nodes).toHaveLength(expected);
    for (const field of ['host', 'address', 'secretName'] as const) {
      expect(new Set(nodes.map((node) => node[field])).size).toBe(expected);
    }
  });

  const isSpread = environment.availabilityZones.length >= 3;
  const title = 'survive the loss of a zone: a majority of orderers stays';
  const spread = isSpread ? test : test.skip;
  spread(isSpread ? title : `${title} (skipped: the environment has one zone)`, () => {
    const zones = nodes.filter(({ kind }) => kind === 'orderer').map(({ zone }) => zone);
    for (const lost of [0, 1, 2]) {
      expect(zones.filter((zone) => zone !== lost).length).toBeGreaterThan(zones.length / 2);
    }
  });
});
