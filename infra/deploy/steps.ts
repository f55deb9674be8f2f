import type { Environment } from '../environments/environment.ts';
import { otherAccounts, programsBucketName } from '../lib/names.ts';
import { programsContext } from '../lib/programs-context.ts';
import { parameterName, valuesForOrganizations } from '../lib/shared-value.ts';
import { accountsOf, type Profiles } from '../provision/aws-clients.ts';
import { provisioningPlan } from '../provision/plan.ts';

/** A command that a step runs. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Profile of the AWS CLI with which it runs. */
  readonly profile?: string | undefined;
}

/** One step of a deployment. */
export interface DeployStep {
  readonly title: string;
  readonly commands: readonly Command[];
  /** What it makes that costs money by being there. */
  readonly costs: readonly string[];
}

/** The archive of programs as it lies in the bucket. */
export interface PackedPrograms {
  readonly key: string;
  readonly sha256: string;
}

/** What is packed only when the deployment is carried out. */
export const UNPACKED: PackedPrograms = { key: 'programs-<hash>.tar.gz', sha256: '<hash>' };

export interface StepOptions {
  readonly environment: Environment;
  readonly profiles: Profiles;
  readonly programs: PackedPrograms;
}

/** Stacks that machines need, in their order, and those that need a network. */
const BEFORE_PROGRAMS = ['data'];
const BEFORE_NETWORK = ['identities', 'network'];
const AFTER_NETWORK = [
  'rotation',
  'ingest',
  'people',
  'api',
  'live',
  'page',
  'operations',
  'node-alarms',
];

function cdk(args: readonly string[], profile: string | undefined): Command {
  const named = profile === undefined ? [] : ['--profile', profile];
  return { program: 'cdk', args: [...args, ...named], profile };
}

function deployStacks(options: StepOptions, stacks: readonly string[], account: string): Command {
  const { environment, programs, profiles } = options;
  const { name } = environment;
  const names = stacks.map((stack) => `${name}/${stack}`);
  const context = `${programsContext(environment)}=${programs.key} ${programs.sha256}`;
  // One after the other, each shown before rights change.
  const args = ['deploy', ...names, '--exclusively', '--context', context];
  return cdk(args, profiles[account]);
}

function bootstrap({ environment, profiles }: StepOptions): DeployStep {
  const { region } = environment;
  return {
    title: 'prepare the accounts for CDK; changes nothing where that was done',
    commands: accountsOf(environment).map((account) =>
      cdk(['bootstrap', `aws://${account}/${region}`], profiles[account]),
    ),
    costs: [],
  };
}

/** Organizations with accounts of their own: parameters do not cross accounts. */
function tellOthers(environment: Environment): DeployStep[] {
  const accounts = otherAccounts(environment);
  if (accounts.length === 0) return [];
  const values = valuesForOrganizations(environment).map((value) =>
    parameterName(environment, value),
  );
  return [
    {
      title: 'tell the accounts of other organizations where the network is',
      commands: accounts.map((account) => ({ program: 'tell', args: [account, ...values] })),
      costs: [],
    },
  ];
}

function fabricStacks(options: StepOptions): DeployStep {
  const { environment } = options;
  return {
    title: 'machines of each organization',
    commands: environment.organizations.map(({ name, account }) =>
      deployStacks(options, [`organization-${name}`, `fabric-${name}`], account),
    ),
    costs: environment.organizations.flatMap(({ name, peers, orderers }) => [
      `${name}: a KMS key; ${peers} × ${environment.peer.instanceType}, ${orderers} × ${environment.orderer.instanceType}, ` +
        `a root volume and ${environment.peer.volumeGiB} or ${environment.orderer.volumeGiB} GiB each, nightly backups`,
    ]),
  };
}

function upload({ environment, programs, profiles }: StepOptions): Command {
  const profile = profiles[environment.account];
  const to = `s3://${programsBucketName(environment)}/${programs.key}`;
  return { program: 'upload', args: [to], profile };
}

function provision({ environment, profiles }: StepOptions): Command {
  const named = Object.entries(profiles).flatMap(([account, name]) => [
    '--profile',
    `${account}=${name}`,
  ]);
  return { program: 'provision', args: ['--env', environment.name, ...named] };
}

/** Everything that a deployment does, in its order. Each step can be done again. */
export function deploymentSteps(options: StepOptions): DeployStep[] {
  const { environment } = options;
  const { account, availabilityZones } = environment;
  return [
    {
      title: 'build the functions, the chaincode and the page',
      commands: [{ program: 'build', args: [] }],
      costs: [],
    },
    {
      title: 'pack what machines run: Fabric, Node, chaincode',
      commands: [{ program: 'pack', args: [programsContext(environment)] }],
      costs: [],
    },
    bootstrap(options),
    {
      title: 'keys, queues and buckets; the programs into their bucket',
      commands: [deployStacks(options, BEFORE_PROGRAMS, account), upload(options)],
      costs: ['4 KMS keys', 'what queues and buckets hold'],
    },
    {
      title: 'secrets (empty) and the network without a route out',
      commands: [deployStacks(options, BEFORE_NETWORK, account)],
      costs: [
        `9 interface endpoints in ${availabilityZones.length} zone(s)`,
        'a secret for each thing that signs',
      ],
    },
    ...tellOthers(environment),
    fabricStacks(options),
    {
      title: `a network out of the machines (${provisioningPlan(environment).length} steps; see: npm run network -- provision --env ${environment.name} --dry-run)`,
      commands: [provision(options)],
      costs: [],
    },
    {
      title: 'functions, people, API, page and alarms',
      commands: [deployStacks(options, AFTER_NETWORK, account)],
      costs: ['logs, alarms and metrics', 'Cognito, by monthly active user', 'requests'],
    },
  ];
}

/** What is left to a person afterwards. */
export const BY_HAND: readonly string[] = [
  "point the page's name at the distribution (CNAME or alias to its cloudfront.net name)",
  'confirm the e-mail subscription of the alarms',
  'create people and devices (docs/DEPLOY.md, part 4)',
];

/** The steps as people read them. */
export function describeSteps(steps: readonly DeployStep[]): string {
  const lines = steps.flatMap(({ title, commands, costs }, index) => [
    `${index + 1}. ${title}`,
    ...commands.map(({ program, args }) => `     ${[program, ...args.map(shown)].join(' ')}`),
    ...costs.map((cost) => `     costs: ${cost}`),
  ]);
  return [...lines, 'Then by hand:', ...BY_HAND.map((what) => `   - ${what}`)].join('\n');
}

function shown(word: string): string {
  return word.includes(' ') ? `'${word}'` : word;
}
