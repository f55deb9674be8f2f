import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { synthesise } from './testing/synthesised.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUNDLES = join(ROOT, 'dist', 'lambdas');

/** What a call of the SDK needs. A command that is not here fails the test: somebody must say what it needs. */
const ACTIONS: Readonly<Record<string, string>> = {
  GetSecretValueCommand: 'secretsmanager:GetSecretValue',
  DescribeSecretCommand: 'secretsmanager:DescribeSecret',
  PutSecretValueCommand: 'secretsmanager:PutSecretValue',
  UpdateSecretVersionStageCommand: 'secretsmanager:UpdateSecretVersionStage',
  SendMessageCommand: 'sqs:SendMessage',
  ReceiveMessageCommand: 'sqs:ReceiveMessage',
  DeleteMessageCommand: 'sqs:DeleteMessage',
  PublishCommand: 'iot:Publish',
  GetObjectCommand: 's3:GetObject',
  PutObjectCommand: 's3:PutObject',
  DeleteObjectCommand: 's3:DeleteObject',
};

/** Called by AWS on the function's behalf, not by its code: logs, network interfaces, keys of what it reads, its queue. */
const BY_AWS = /^(?:logs|ec2|kms):/;
const EVENT_SOURCE: Readonly<Record<string, readonly string[]>> = {
  ingest: [
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ChangeMessageVisibility',
  ],
};

const SourceMap = z.object({ sources: z.array(z.string()) });
const Actions = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Role = z.object({
  Type: z.literal('AWS::IAM::Role'),
  Properties: z.object({ Description: z.string() }),
});
const Policy = z.object({
  Type: z.literal('AWS::IAM::ManagedPolicy'),
  Properties: z.object({
    Roles: z.array(z.object({ Ref: z.string() })),
    PolicyDocument: z.object({ Statement: z.array(z.object({ Action: Actions })) }),
  }),
});

/** Actions that the code of a bundle asks for, from the sources that its map names. */
function called(bundle: string): string[] {
  const map: unknown = JSON.parse(readFileSync(join(BUNDLES, bundle, 'index.cjs.map'), 'utf8'));
  const own = SourceMap.parse(map)
    .sources.filter((source) => source.endsWith('.ts') && !source.includes('node_modules'))
    .map((source) => resolve(BUNDLES, bundle, source));
  const commands = own
    .filter((file) => existsSync(file))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/new (\w+Command)\(/g)])
    .map(([, name = '']) => name);
  return [...new Set(commands.map((name) => ACTIONS[name] ?? `unknown: ${name}`))].toSorted();
}

/** Bundle of each function's role, by the role's logical id. */
function rolesOf(resources: Readonly<Record<string, unknown>>): Map<string, string> {
  const roles = new Map<string, string>();
  for (const [id, resource] of Object.entries(resources)) {
    const { data } = Role.safeParse(resource);
    const name = /of the function pulseledger-prod-(.+)$/.exec(data?.Properties.Description ?? '');
    if (name?.[1] !== undefined) roles.set(id, name[1]);
  }
  return roles;
}

/** Actions that each of our functions may, by its bundle. */
function allowed(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { template } of synthesise().filter(({ environment }) => environment === 'prod')) {
    const resources = z.record(z.string(), z.unknown()).parse(template['Resources']);
    const roles = rolesOf(resources);
    for (const policy of Object.values(resources).flatMap(
      (one) => Policy.safeParse(one).data ?? [],
    )) {
      const bundle = roles.get(policy.Properties.Roles[0]?.Ref ?? '');
      if (bundle === undefined) continue;
      const actions = policy.Properties.PolicyDocument.Statement.flatMap(({ Action }) => Action);
      found.set(bundle, [...(found.get(bundle) ?? []), ...actions]);
    }
  }
  return found;
}

test('every function may exactly what its code calls', () => {
  const rights = allowed();
  expect(rights.size).toBeGreaterThanOrEqual(7);
  const own = (bundle: string, actions: readonly string[]): string[] =>
    [...new Set(actions)]
      .filter((action) => !BY_AWS.test(action) && EVENT_SOURCE[bundle]?.includes(action) !== true)
      .toSorted();
  const may = Object.fromEntries([...rights].map(([bundle, all]) => [bundle, own(bundle, all)]));
  const calls = Object.fromEntries([...rights.keys()].map((bundle) => [bundle, called(bundle)]));
  // Calls that were looked for in the wrong place would be none, and so would equal no rights.
  expect(calls['fhir-api']).toEqual(expect.arrayContaining(['iot:Publish', 's3:PutObject']));
  expect(may).toEqual(calls);
});
