import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { rotatedSecrets } from './stacks/rotation-stack.ts';
import { type SynthesisedStack, synthesise } from './testing/synthesised.ts';

const words = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Policy = z.object({
  Type: z.literal('AWS::IAM::ManagedPolicy'),
  Properties: z.object({
    PolicyDocument: z.object({
      Statement: z.array(z.object({ Action: words, Resource: z.unknown() })),
    }),
  }),
});
const Schedule = z.object({
  Type: z.literal('AWS::SecretsManager::RotationSchedule'),
  Properties: z.object({
    SecretId: z.string(),
    RotationRules: z.object({ AutomaticallyAfterDays: z.number() }),
  }),
});
const Resources = z.record(z.string(), z.unknown());

const prod: readonly SynthesisedStack[] = synthesise().filter(
  ({ environment }) => environment === 'prod',
);

function resourcesOf<T>(stack: SynthesisedStack, schema: z.ZodType<T>): T[] {
  return Object.values(Resources.parse(stack.template['Resources'])).flatMap((one) => {
    const { success, data } = schema.safeParse(one);
    return success ? [data] : [];
  });
}

/** Stacks with a policy that allows the action on a resource whose ARN has these words. */
function stacksThatMay(action: string, resource: string): string[] {
  return prod
    .filter((stack) =>
      resourcesOf(stack, Policy).some(({ Properties }) =>
        Properties.PolicyDocument.Statement.some(
          ({ Action, Resource }) =>
            Action.includes(action) && JSON.stringify(Resource).includes(resource),
        ),
      ),
    )
    .map(({ name }) => name)
    .toSorted();
}

test("an authority's key is read where people are issued certificates and where services are, and nowhere else", () => {
  expect(stacksThatMay('secretsmanager:GetSecretValue', '/issuing-ca/')).toEqual([
    'api',
    'rotation',
  ]);
  expect(stacksThatMay('secretsmanager:PutSecretValue', '/issuing-ca/')).toEqual([]);
});

test('only the rotation writes identities of services', () => {
  for (const action of ['PutSecretValue', 'UpdateSecretVersionStage']) {
    expect(stacksThatMay(`secretsmanager:${action}`, '/prod/')).toEqual(['rotation']);
  }
});

test('every service that signs is rotated each month, and no authority is', () => {
  const schedules = prod.flatMap((stack) => resourcesOf(stack, Schedule));
  expect(schedules.map(({ Properties }) => Properties.SecretId).toSorted()).toEqual(
    rotatedSecrets(ENVIRONMENTS.prod)
      .map((name) => `pulseledger/prod/${name}`)
      .toSorted(),
  );
  expect(schedules.length).toBeGreaterThanOrEqual(5);
  for (const { Properties } of schedules) {
    expect(Properties.RotationRules.AutomaticallyAfterDays).toBe(30);
  }
});
