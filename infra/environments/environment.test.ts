import { describe, expect, test } from '@jest/globals';
import { environmentSchema } from './environment.ts';
import { ENVIRONMENTS } from './environments.ts';

function problems(change: object): string[] {
  const result = environmentSchema.safeParse({ ...ENVIRONMENTS.prod, ...change });
  return result.success ? [] : result.error.issues.map(({ message }) => message);
}

describe('the table of environments', () => {
  test('keeps data in prod only as long as the law asks, and resists deletion there', () => {
    expect(ENVIRONMENTS.prod.isProtected).toBe(true);
    expect(ENVIRONMENTS.prod.logRetention).toBeGreaterThanOrEqual(6 * 365);
  });

  test('gives every environment its own network and name', () => {
    const all = Object.values(ENVIRONMENTS);
    expect(new Set(all.map(({ vpcCidr }) => vpcCidr)).size).toBe(all.length);
    expect(new Set(all.map(({ domain }) => domain)).size).toBe(all.length);
  });

  test.each([
    ['a zone of another region', { availabilityZones: ['us-east-1a'] }, 'is not in eu-central-1'],
    ['a public network', { vpcCidr: '8.8.0.0/16' }, 'is not a private /16'],
    ['an account id with a letter', { account: '12345678901x' }, 'is not an AWS account id'],
    ['BFT with three orderers', { consensus: 'bft' }, 'BFT needs 4 orderers; there are 3'],
    [
      'a large batch without a window',
      { ingest: { maxConcurrency: 2, batchingWindowSeconds: 0, batchSize: 500 } },
      'needs a batching window',
    ],
    [
      'an organization that names other zones than there are',
      {
        organizations: ENVIRONMENTS.prod.organizations.map((one) =>
          one.name === 'clinic' ? { ...one, availabilityZones: ['eu-central-1b'] } : one,
        ),
      },
      'clinic names 1 zones, and there are 3',
    ],
    ['an x86 node', { peer: { instanceType: 'm7i.large', volumeGiB: 20 } }, 'not a Graviton'],
  ])('refuses %s', (_, change, message) => {
    expect(problems(change)).toContainEqual(expect.stringContaining(message));
  });
});
