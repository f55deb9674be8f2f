import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { CfnInstance, CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { z } from 'zod';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { createCheckedApp } from './app.ts';
import { nodesOf } from './fabric/nodes.ts';
import { PAGE_FILES } from './page/response-headers.ts';
import { type SynthesisedStack, synthesise, withApp } from './testing/synthesised.ts';

const stacks: readonly SynthesisedStack[] = synthesise();

const STACKS = [
  'api',
  'data',
  'fabric-clinic',
  'fabric-hospital',
  'fabric-insurer',
  'identities',
  'ingest',
  'live',
  'network',
  'node-alarms',
  'operations',
  'organization-clinic',
  'organization-hospital',
  'organization-insurer',
  'page',
  'people',
  'rotation',
];
/** https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const builtHeaders = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(join(PAGE_FILES, '..', 'headers.json'), 'utf8')));
const Typed = z.record(
  z.string(),
  z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
);
const Behaviours = z.object({
  DistributionConfig: z.object({
    CacheBehaviors: z.array(z.object({ PathPattern: z.string(), CachePolicyId: z.string() })),
  }),
});
const Machine = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});

function inBlock(address: string, cidr: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(network, Number(bits));
  return block.check(address);
}

const Resources = z.record(z.string(), z.object({ Type: z.string() }));

function resources({ template }: SynthesisedStack): { readonly Type: string }[] {
  return Object.values(Resources.parse(template['Resources']));
}

describe('the app', () => {
  test('makes every stack of every environment, and no rule of the packs finds anything', () => {
    expect(stacks.map(({ environment, name }) => `${environment}/${name}`).toSorted()).toEqual(
      ['dev', 'prod', 'staging'].flatMap((environment) =>
        STACKS.map((name) => `${environment}/${name}`),
      ),
    );
    // An empty app has no findings either.
    for (const stack of stacks) expect(resources(stack).length).toBeGreaterThan(5);
  });

  test.each(stacks.filter(({ environment }) => environment === 'prod'))(
    'prod $name is as it was reviewed',
    ({ template }) => {
      expect(template).toMatchSnapshot();
    },
  );

  test('environments differ in their table only: the kinds of resources are the same', () => {
    // But for what leads to other accounts, where organizations have them.
    const kinds = (environment: string, name: string): string[] => [
      ...new Set(
        stacks
          .filter((stack) => stack.environment === environment && stack.name === name)
          .flatMap(resources)
          .map(({ Type }) => Type)
          .filter((type) => !/^AWS::(?:RAM::ResourceShare|Oam::(?:Sink|Link))$/.test(type)),
      ),
    ];
    for (const name of STACKS) {
      expect(kinds('dev', name).toSorted()).toEqual(kinds('prod', name).toSorted());
    }
  });

  test('has no route out: neither internet nor NAT gateway', () => {
    const types = stacks.flatMap(resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::EC2::InternetGateway');
    expect(types).not.toContain('AWS::EC2::NatGateway');
  });
});

describe('what the internet reaches', () => {
  const ofType = (type: string): readonly Readonly<Record<string, unknown>>[] =>
    stacks.flatMap(({ template }) =>
      Object.values(Typed.parse(template['Resources']))
        .filter(({ Type }) => Type === type)
        .map(({ Properties }) => Properties),
    );

  test('no bucket: CloudFront reads the page as itself', () => {
    const buckets = ofType('AWS::S3::Bucket');
    expect(buckets.length).toBeGreaterThanOrEqual(9);
    for (const bucket of buckets) {
      expect(bucket['PublicAccessBlockConfiguration']).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(bucket).not.toHaveProperty('WebsiteConfiguration');
    }
    expect(ofType('AWS::CloudFront::OriginAccessControl')).toHaveLength(3);
  });

  test('the page has the headers that it was built with, and nothing of the API is kept at the edge', () => {
    for (const policy of ofType('AWS::CloudFront::ResponseHeadersPolicy')) {
      const text = JSON.stringify(policy);
      // CloudFront knows one value of this one, and does not name it.
      const named = Object.values(builtHeaders).filter((value) => value !== 'nosniff');
      for (const value of named) expect(text).toContain(value);
      expect(text).toContain('ContentTypeOptions');
      expect(text).toContain('AccessControlMaxAgeSec');
    }
    const behaviours = ofType('AWS::CloudFront::Distribution').flatMap(
      (distribution) => Behaviours.parse(distribution).DistributionConfig.CacheBehaviors,
    );
    expect(new Set(behaviours.map(({ PathPattern }) => PathPattern))).toEqual(
      new Set(['/api/*', '/live', '/oauth2/token', '/oauth2/revoke']),
    );
    for (const { CachePolicyId } of behaviours) expect(CachePolicyId).toBe(CACHING_DISABLED);
  });
});

describe('machines of the network', () => {
  const prod = stacks.filter(({ environment }) => environment === 'prod');
  const ofType = (type: string): readonly z.infer<typeof Machine>[] =>
    prod.flatMap(({ template }) =>
      Object.values(z.record(z.string(), Machine).parse(template['Resources'])).filter(
        ({ Type }) => Type === type,
      ),
    );

  test('have the addresses that their names lead to, in subnets of their own', () => {
    const nodes = nodesOf(ENVIRONMENTS.prod);
    const addresses = ofType('AWS::EC2::Instance').map(({ Properties }) =>
      String(Properties['PrivateIpAddress']),
    );
    expect(addresses.toSorted()).toEqual(nodes.map(({ address }) => address).toSorted());
    const names = ofType('AWS::Route53::RecordSet').map(({ Properties }) => [
      Properties['Name'],
      Properties['ResourceRecords'],
    ]);
    for (const { host, address } of nodes) expect(names).toContainEqual([`${host}.`, [address]]);
    const free = ofType('AWS::EC2::Subnet')
      .map(({ Properties }) => String(Properties['CidrBlock']))
      .filter((cidr) => cidr.endsWith('/24'));
    for (const address of addresses) {
      expect(free.some((cidr) => inBlock(address, cidr))).toBe(true);
    }
  });

  test('keep their ledgers when they or their stack go', () => {
    const volumes = ofType('AWS::EC2::Volume');
    expect(volumes).toHaveLength(nodesOf(ENVIRONMENTS.prod).length);
    for (const { DeletionPolicy, UpdateReplacePolicy, Properties } of volumes) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
      expect(Properties['Encrypted']).toBe(true);
    }
  });

  test('stay the same when what they install changes: the parameter has the hash, not the user data', () => {
    for (const { Properties } of ofType('AWS::EC2::Instance')) {
      const text = JSON.stringify(Properties['UserData']);
      expect(text).toContain('pulse-fetch');
      expect(text).not.toContain('<hash>');
      expect(Properties['MetadataOptions']).toMatchObject({ HttpTokens: 'required' });
    }
  });
});

const PLANTED: readonly (readonly [string, string, (scope: Construct) => unknown])[] = [
  ['a bucket without protection', 'AwsSolutions-S10', (scope) => new Bucket(scope, 'Open')],
  [
    'an action of *',
    'AwsSolutions-IAM5[Action::*]',
    (scope) =>
      new ManagedPolicy(scope, 'All', {
        statements: [new PolicyStatement({ actions: ['*'], resources: ['*'] })],
      }),
  ],
  [
    'a queue that is not encrypted',
    'AwsSolutions-SQS2',
    (scope) => new CfnQueue(scope, 'Plain', { sqsManagedSseEnabled: false }),
  ],
  [
    'a security group that is open to the world',
    'AwsSolutions-EC23',
    (scope) =>
      new CfnSecurityGroup(scope, 'World', {
        groupDescription: 'open',
        securityGroupIngress: [
          { ipProtocol: 'tcp', fromPort: 22, toPort: 22, cidrIp: '0.0.0.0/0' },
        ],
      }),
  ],
  [
    'an instance that answers IMDSv1',
    'HIPAA.Security-EC2IMDSv2Enabled',
    (scope) =>
      new CfnInstance(scope, 'Old', {
        imageId: 'ami-0f1e2d3c4b5a69788',
        instanceType: 't4g.small',
      }),
  ],
];

describe('the checks bite', () => {
  test.each(PLANTED)('synthesis fails for %s: %s', (_, rule, plant) => {
    expect(() => {
      withApp(createCheckedApp, (app) => {
        plant(new Stack(app, 'planted'));
        app.synth();
      });
    }).toThrow(rule);
  });
});
