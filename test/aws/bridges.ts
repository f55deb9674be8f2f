/** A kind of resource that is left out of a template before it is deployed. */
export interface LeftOut {
  readonly type: string;
  readonly because: string;
  /** What looks at it instead. */
  readonly coveredBy: string;
  /** The emulator does not know the type at all, and is asked whether that is still so. */
  readonly isUnknown: boolean;
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
    isUnknown: true,
  },
  {
    type: 'AWS::EC2::SecurityGroupIngress',
    because: 'no such type in the emulator, whose functions reach every port of this machine',
    coveredBy: TEMPLATE_CHECKS,
    isUnknown: true,
  },
  {
    type: 'AWS::EC2::SecurityGroupEgress',
    because: 'no such type in the emulator, whose functions reach every port of this machine',
    coveredBy: TEMPLATE_CHECKS,
    isUnknown: true,
  },
  {
    type: 'Custom::VpcRestrictDefaultSG',
    because: "its function takes the SDK from AWS' runtime, which the emulator does not have",
    coveredBy: TEMPLATE_CHECKS,
    isUnknown: false,
  },
  {
    type: 'AWS::Route53::RecordSet',
    because: "the emulator's endpoints of a VPC have no names to point at",
    coveredBy: TEMPLATE_CHECKS,
    isUnknown: false,
  },
  {
    type: 'AWS::Cognito::ManagedLoginBranding',
    because: 'no such type in the emulator, which has no login pages',
    coveredBy: 'the login pages of `npm start` in a browser (test/browser/sign-in.test.ts)',
    isUnknown: true,
  },
  {
    type: 'AWS::IoT::Authorizer',
    because: 'no such type in the emulator; its function is called directly',
    coveredBy: 'this test for the function, local/src/cloud/live for the connections of pages',
    isUnknown: true,
  },
];

/** Stacks that are deployed, in the order of the app. */
export const DEPLOYED_FIRST = ['data', 'identities', 'network'] as const;
/** These take the ledger's connection profile while they are deployed. */
export const DEPLOYED_THEN = ['ingest', 'people', 'api', 'live', 'operations'] as const;
