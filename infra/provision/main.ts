import { resolve } from 'node:path';
import {
  findPrograms,
  MissingProgramsError,
  ProgramError,
} from '@pulseledger/network/fabric/channel';
import { Command, Option } from 'commander';
import {
  ENVIRONMENT_NAMES,
  type Environment,
  type EnvironmentName,
} from '../environments/environment.ts';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { awsClients, checkAccounts, collectProfile, type Profiles } from './aws-clients.ts';
import { createEdges } from './edges.ts';
import { ProvisionError } from './errors.ts';
import { MachineCommandError } from './machine-commands.ts';
import { LocalNote } from './network-record.ts';
import {
  type AuthorChanges,
  type AuthorFiles,
  collectAuthorFile,
  readAuthorChanges,
} from './note-authors.ts';
import { describePlan, provisioningPlan } from './plan.ts';
import { Provisioning } from './provisioning.ts';
import { withPrivateFolder } from './workspace.ts';

const NOTES_FOLDER = resolve(import.meta.dirname, '../../.pulseledger/aws');
const EXIT = { failed: 1, programsMissing: 4 } as const;
const EXPLAINED = [ProvisionError, MissingProgramsError, MachineCommandError, ProgramError];

const HELP = `
It reads what there is and does what is missing, so the same command goes on after a failure. To add a peer or an
organization: name it in infra/environments, deploy (npm run deploy -- <env>), which also runs this.

Exit codes:
  0  done
  1  failed; the message says why
  4  configtxgen or another program of Hyperledger Fabric is missing (FABRIC_BIN, then PATH, are searched)

Keys are made in memory (/dev/shm where there is one) and stay in Secrets Manager only.`;

interface Options {
  readonly env: EnvironmentName;
  readonly profile?: Profiles;
  readonly noteAuthors?: AuthorFiles;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function authorChanges(
  environment: Environment,
  files: AuthorFiles,
): Promise<Record<string, AuthorChanges>> {
  const providers = environment.organizations.filter(({ provider }) => provider);
  const changes: Record<string, AuthorChanges> = {};
  for (const [organization, file] of Object.entries(files)) {
    if (!providers.some(({ name }) => name === organization)) {
      const names = providers.map(({ name }) => name).join(' and ');
      throw new ProvisionError(`Groups of authors are of ${names}, not of ${organization}.`);
    }
    changes[organization] = await readAuthorChanges(file);
  }
  return changes;
}

async function provision({
  env,
  profile = {},
  noteAuthors = {},
  dryRun,
  json,
}: Options): Promise<void> {
  const environment = ENVIRONMENTS[env];
  if (dryRun === true) {
    const plan = provisioningPlan(environment);
    print(json === true ? JSON.stringify({ environment: env, plan }) : describePlan(plan));
    return;
  }
  const changes = await authorChanges(environment, noteAuthors);
  const programs = findPrograms();
  await checkAccounts(environment, profile);
  const edges = createEdges(environment, { clientsOf: awsClients(environment, profile) });
  const record = await withPrivateFolder((workFolder) =>
    new Provisioning({
      environment,
      edges,
      programs,
      workFolder,
      note: new LocalNote(NOTES_FOLDER, environment),
      noteAuthors: changes,
      onStep: (step, tookMs) => {
        process.stderr.write(`${(tookMs / 1000).toFixed(1).padStart(6)} s  ${step}\n`);
      },
    }).run(),
  );
  const words = `The network of ${env} is provisioned: ${record.members.join(', ')}.`;
  print(json === true ? JSON.stringify({ environment: env, ...record }) : words);
}

const program = new Command('network provision')
  .description("Makes a network out of an environment's machines on AWS.")
  .addOption(
    new Option('--env <name>', 'the environment').choices(ENVIRONMENT_NAMES).makeOptionMandatory(),
  )
  .option('--dry-run', 'print what it would do; asks AWS nothing')
  .option(
    '--profile <account=name>',
    'profile of the AWS CLI for an account; repeat it for each account of the table',
    collectProfile,
  )
  .option(
    '--note-authors <organization=file>',
    "who joins and leaves a provider's authors of psychotherapy notes: lines of add <id> and remove <id>; can be repeated",
    collectAuthorFile,
  )
  .option('--json', 'one JSON object on stdout instead of text')
  .addHelpText('after', HELP)
  .action(provision);

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (EXPLAINED.some((type) => error instanceof type)) return error.message;
  // Of what AWS says the name and the words are enough; a stack may hold what was sent.
  return `${error.name}: ${error.message}`;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = error instanceof MissingProgramsError ? EXIT.programsMissing : EXIT.failed;
}
