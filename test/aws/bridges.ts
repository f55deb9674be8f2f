/** A kind of resource that is left out of a template before it is deployed. */
export interface LeftOut {
  readonly type: string;
  readonly because: string;
  /** What looks at it instead. */
  readonly coveredBy: string;
}

const TEMPLATE_CHECKS =
  'cdk-nag, cfn-lint and the snapshots (infra/lib/app.test.ts, cfn-lint.test.ts)';

/**
 * What the emulator cannot make. Everything else of the stacks below is deployed as `cdk synth` wrote it.
 * docs/DEPLOY.md has the same list in words.
 */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    type: 'AWS::EC2::FlowLog',
    because: 'no such type in the emulator',
    coveredBy: TEMPLATE_CHECKS,
  },
  {
    type: 'AWS::EC2::SecurityGroupIngress',
    because: 'no such type in the emulator, whose functions reach every port of this machine',
    coveredBy: TEMPLATE_CHECKS,
  },
  {
    type: 'AWS::EC2::SecurityGroupEgress',
    because: 'no such type in the emulator, whose functions reach every port of this machine',
    coveredBy: TEMPLATE_CHECKS,
  },
  {
    type: 'Custom::VpcRestrictDefaultSG',
    because: "its function takes the SDK from AWS' runtime, which the emulator does not have",
    coveredBy: TEMPLATE_CHECKS,
  },
  {
    type: 'AWS::Route53::RecordSet',
    because: "the emulator's endpoints of a VPC have no names to point at",
    coveredBy: TEMPLATE_CHECKS,
  },
  {
    type: 'AWS::Cognito::ManagedLoginBranding',
    because: 'no such type in the emulator, which has no login pages',
    coveredBy: 'the login pages of `npm start` in a browser (test/browser/sign-in.test.ts)',
  },
  {
    type: 'AWS::IoT::Authorizer',
    because: 'no such type in the emulator; its function is called directly',
    coveredBy: 'this test for the function, local/src/cloud/live for the connections of pages',
  },
  {
    type: 'AWS::SecretsManager::RotationSchedule',
    because: 'no such type in the emulator, which never calls the function of a rotation',
    coveredBy: 'the four steps on a ledger (test/rotation)',
  },
];

/** Stacks that are deployed, in the order of the app. */
export const DEPLOYED_FIRST = [
  'data',
  'identities',
  'organization-hospital',
  'organization-clinic',
  'organization-insurer',
  'network',
] as const;
/** These take the ledger's connection profile while they are deployed. */
export const DEPLOYED_THEN = ['rotation', 'ingest', 'people', 'api', 'live', 'operations'] as const;
