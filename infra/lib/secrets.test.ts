import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { hostFiles } from './fabric/host-files.ts';
import { nodesOf } from './fabric/nodes.ts';
import { userData } from './fabric/user-data.ts';
import { queueNames } from './names.ts';
import { type SynthesisedStack, synthesise } from './testing/synthesised.ts';

const { prod } = ENVIRONMENTS;
// Environments differ in their table only (app.test.ts), so one of them is enough.
const stacks: readonly SynthesisedStack[] = synthesise([prod]);

const Resources = z.record(
  z.string(),
  z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
);
const words = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Statements = z.object({
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.string(),
        Action: words,
        Resource: z.unknown().optional(),
        Condition: z.unknown().optional(),
      }),
    ),
  }),
});
type Statement = z.infer<typeof Statements>['PolicyDocument']['Statement'][number];

function resources(stack: SynthesisedStack): z.infer<typeof Resources>[string][] {
  return Object.values(Resources.parse(stack.template['Resources']));
}

/** Statements of one kind of policy in prod, with the stack that they are in. */
function statements(type: string): (Statement & { readonly stack: string })[] {
  return stacks.flatMap((stack) =>
    resources(stack)
      .filter(({ Type }) => Type === type)
      .flatMap(({ Properties }) => Statements.parse(Properties).PolicyDocument.Statement)
      .map((statement) => ({ ...statement, stack: stack.name })),
  );
}

describe('I8: a message that is not from the rule', () => {
  test('cannot be put into the ingest queue: nobody but the rule and redriving may, and no policy of the queue opens it', () => {
    const { ingest } = queueNames(prod);
    const senders = ['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].flatMap((type) =>
      statements(type).filter(
        ({ Effect, Action, Resource }) =>
          Effect === 'Allow' &&
          Action.includes('sqs:SendMessage') &&
          JSON.stringify(Resource).includes(`:${ingest}"`),
      ),
    );
    expect(senders.map(({ stack }) => stack)).toEqual(['ingest']);
    const opened = statements('AWS::SQS::QueuePolicy').filter(({ Effect }) => Effect === 'Allow');
    expect(opened).toEqual([]);
  });
});

describe('I11: a private key', () => {
  test('stands in no template, and no secret has a value in one', () => {
    for (const stack of stacks) {
      expect(JSON.stringify(stack.template)).not.toMatch(/PRIVATE KEY/);
      for (const { Type, Properties } of resources(stack)) {
        if (Type === 'AWS::SecretsManager::Secret')
          expect(Properties).not.toHaveProperty('SecretString');
      }
    }
  });

  test('is in no output of a stack, nor is what refers to a secret', () => {
    const outputs = stacks.map(({ template }) => JSON.stringify(template['Outputs'] ?? {}));
    expect(outputs.filter((text) => /secret/i.test(text))).toEqual([]);
  });

  test('is in no environment of a function: only names of secrets are', () => {
    const functions = stacks
      .flatMap(resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(6);
    for (const { Properties } of functions) {
      expect(JSON.stringify(Properties['Environment'] ?? {})).not.toMatch(
        /resolve:secretsmanager|PEM/,
      );
    }
  });

  test('goes to a machine through memory only: not in user data, files, or a core dump', () => {
    for (const node of nodesOf(prod)) {
      const text = userData(prod, node, { asset: '/made/up', programs: '/made/up' });
      expect(text).not.toMatch(/PRIVATE KEY|get-secret-value.*(?:>|tee)/);
    }
    for (const [name, text] of Object.entries(hostFiles(prod, 'hospital'))) {
      if (/units\/pulse-(?:peer|orderer|chaincode)\.service/.test(name)) {
        expect(text).toContain('LimitCORE=0');
      }
    }
  });

  test('of an administrator is readable as the present value only, by machines of its organization', () => {
    const readers = statements('AWS::IAM::ManagedPolicy').filter(({ Resource }) =>
      JSON.stringify(Resource).includes('/administrator/'),
    );
    expect(readers).toHaveLength(nodesOf(prod).length);
    for (const { stack, Resource, Condition } of readers) {
      const organization = stack.replace('fabric-', '');
      expect(JSON.stringify(Resource)).toContain(`/administrator/${organization}-`);
      expect(JSON.stringify(Condition)).toContain('"secretsmanager:VersionStage":"AWSCURRENT"');
    }
  });

  test('of an authority but the issuing one is readable by nothing that runs', () => {
    const all = ['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].flatMap(statements);
    expect(all.length).toBeGreaterThan(20);
    const readers = all.filter(({ Resource }) => JSON.stringify(Resource).includes('/authority/'));
    expect(readers).toEqual([]);
  });
});
