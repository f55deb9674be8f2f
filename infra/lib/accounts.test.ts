import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { nodesOf } from './fabric/nodes.ts';
import { parameterName, valuesForOrganizations } from './shared-value.ts';
import { type SynthesisedStack, synthesise } from './testing/synthesised.ts';

const { prod } = ENVIRONMENTS;
const stacks: readonly SynthesisedStack[] = synthesise([prod]);
const [, CLINIC = '', INSURER = ''] = prod.organizations.map(({ account }) => account);

const Resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const Template = z.object({
  Parameters: z.record(z.string(), z.object({ Default: z.string().optional() })).default({}),
  Resources: z.record(z.string(), Resource),
});
const Share = z.object({
  Principals: z.array(z.string()),
  AllowExternalPrincipals: z.boolean(),
  ResourceArns: z.array(z.unknown()),
});
const BucketPolicy = z.object({
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.string(),
        Action: z.unknown(),
        Principal: z.unknown(),
        Resource: z.unknown(),
      }),
    ),
  }),
});

function template(name: string): z.infer<typeof Template> {
  return Template.parse(stacks.find((stack) => stack.name === name)?.template);
}

function ofType(name: string, type: string): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(template(name).Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

describe('an organization with an account of its own', () => {
  test.each(['hospital', 'clinic', 'insurer'])('%s has its stacks in it', (organization) => {
    const { account } = prod.organizations.find(({ name }) => name === organization)!;
    for (const name of [`fabric-${organization}`, `organization-${organization}`]) {
      expect(stacks.find((stack) => stack.name === name)?.account).toBe(account);
    }
  });

  test.each(['fabric-clinic', 'organization-clinic', 'fabric-insurer', 'organization-insurer'])(
    '%s names no resource of another account but the programs and blocks that everybody has',
    (name) => {
      const others = [prod.account, CLINIC, INSURER].filter(
        (account) => account !== stacks.find((stack) => stack.name === name)?.account,
      );
      const all = text(template(name)).replaceAll(`pulseledger-prod-programs-${prod.account}`, '');
      for (const account of others) expect(all).not.toContain(account);
    },
  );

  test('is told everything that its stacks read and do not make', () => {
    const told = valuesForOrganizations(prod).map((value) => parameterName(prod, value));
    for (const organization of ['clinic', 'insurer']) {
      const names = [`fabric-${organization}`, `organization-${organization}`];
      const made = names.flatMap((name) =>
        ofType(name, 'AWS::SSM::Parameter').map(({ Name }) => String(Name)),
      );
      const read = names
        .flatMap((name) => Object.values(template(name).Parameters))
        .map(({ Default }) => Default ?? '')
        .filter((value) => value.startsWith('/pulseledger/'));
      expect(read.length).toBeGreaterThan(3);
      for (const name of read) expect([...told, ...made]).toContain(name);
    }
  });

  test('starts its machines in the one network: subnets and groups are shared inside the AWS Organization', () => {
    const [share] = ofType('network', 'AWS::RAM::ResourceShare').map((one) => Share.parse(one));
    expect(share?.Principals).toEqual([CLINIC, INSURER]);
    expect(share?.AllowExternalPrincipals).toBe(false);
    const arns = text(share?.ResourceArns);
    expect(arns.match(/:subnet\//g)).toHaveLength(prod.availabilityZones.length);
    expect(arns.match(/:security-group\//g)).toHaveLength(2);
    expect(ofType('network', 'AWS::EC2::InternetGateway')).toEqual([]);
  });

  test('finds every node by name in the zone of the one network', () => {
    const records = ofType('network', 'AWS::Route53::RecordSet').map(
      ({ Name, ResourceRecords }) => [Name, ResourceRecords],
    );
    for (const { host, address } of nodesOf(prod)) {
      expect(records).toContainEqual([`${host}.`, [address]]);
    }
    for (const { name } of prod.organizations) {
      expect(ofType(`fabric-${name}`, 'AWS::Route53::RecordSet')).toEqual([]);
    }
  });

  test('may read programs and blocks, and nothing else of the bucket', () => {
    const statements = ofType('data', 'AWS::S3::BucketPolicy')
      .flatMap((one) => BucketPolicy.parse(one).PolicyDocument.Statement)
      .filter(({ Effect, Principal }) => Effect === 'Allow' && text(Principal).includes(CLINIC));
    expect(statements).toHaveLength(1);
    const [{ Action, Resource: resources } = { Action: '', Resource: '' }] = statements;
    expect(Action).toBe('s3:GetObject');
    expect(text(resources)).toMatch(/channel\/\*/);
    expect(text(resources)).toContain(prod.nodePrograms.key);
  });

  test('keeps its authorities, nodes and administrator to itself: nobody else has those secrets or their key', () => {
    const secrets = (name: string): string[] =>
      ofType(name, 'AWS::SecretsManager::Secret').map(({ Name }) => String(Name));
    expect(secrets('organization-clinic').toSorted()).toEqual([
      'pulseledger/prod/administrator/clinic',
      'pulseledger/prod/authority/clinic',
      'pulseledger/prod/node/clinic/orderer0',
      'pulseledger/prod/node/clinic/peer0',
      'pulseledger/prod/node/clinic/peer1',
    ]);
    for (const name of secrets('identities')) {
      expect(name).not.toMatch(/\/(?:authority|administrator|node)\//);
    }
    expect(ofType('organization-clinic', 'AWS::KMS::Key')).toHaveLength(1);
    expect(text(ofType('organization-clinic', 'AWS::KMS::Key'))).not.toContain(prod.account);
  });
});
