import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { ENVIRONMENT_NAMES, type EnvironmentName } from '../environments/environment.ts';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { checkAccounts, collectProfile, type Profiles } from '../provision/aws-clients.ts';
import { ProvisionError } from '../provision/errors.ts';
import { FABRIC_RELEASE_URL } from './fabric-release.ts';
import { carryOut } from './runner.ts';
import { BY_HAND, deploymentSteps, describeSteps, UNPACKED } from './steps.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const HELP = `
It builds, packs what machines run, deploys the stacks in their order and provisions the network between them.
Every step can be done again, so the same command goes on after a failure.

Exit codes:
  0  done
  1  failed; the message says why

Fabric's programs for linux/arm64 come from a folder (--fabric), or from the official release
${FABRIC_RELEASE_URL}
whose SHA-256 you give (--fabric-sha256) after having compared it with the release page.`;

interface Options {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly profile?: Profiles;
  readonly fabric?: string;
  readonly fabricSha256?: string;
}

function toSha256(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError('64 hexadecimal digits');
}

function toPath(text: string): string {
  return resolve(text);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fabricOf({ fabric, fabricSha256 }: Options): { folder: string } | { sha256: string } {
  if (fabric !== undefined) return { folder: fabric };
  if (fabricSha256 !== undefined) return { sha256: fabricSha256 };
  throw new ProvisionError(
    "Where are Fabric's programs for linux/arm64? Give --fabric <folder>, or --fabric-sha256 <hash of the release>.",
  );
}

async function deploy(name: EnvironmentName, options: Options): Promise<void> {
  const environment = ENVIRONMENTS[name];
  const { profile: profiles = {}, dryRun, json, yes } = options;
  if (dryRun === true) {
    const steps = deploymentSteps({ environment, profiles, programs: UNPACKED });
    const text =
      json === true ? JSON.stringify({ environment: name, steps }) : describeSteps(steps);
    process.stdout.write(`${text}\n`);
    return;
  }
  const fabric = fabricOf(options);
  await checkAccounts(environment, profiles);
  await carryOut({ root: ROOT, environment, profiles, fabric, yes: yes === true, say });
  const left = BY_HAND.map((what) => `  - ${what}`).join('\n');
  process.stdout.write(`${name} is deployed. Left to you:\n${left}\n`);
}

const program = new Command('deploy')
  .description('Deploys an environment to AWS.')
  .addArgument(new Argument('<environment>', 'its name').choices(ENVIRONMENT_NAMES))
  .option('--dry-run', 'print what it would do, and what costs money; asks AWS nothing')
  .option('--fabric <folder>', "folder of Fabric's programs for linux/arm64", toPath)
  .option('--fabric-sha256 <hash>', 'fetch the official release, and take only this one', toSha256)
  .option(
    '--profile <account=name>',
    'profile of the AWS CLI for an account; repeat it for each account of the table',
    collectProfile,
  )
  .option('--yes', 'do not ask before rights become wider')
  .option('--json', 'with --dry-run: one JSON object')
  .addHelpText('after', HELP)
  .action(deploy);

try {
  await program.parseAsync();
} catch (error) {
  const isExplained = error instanceof ProvisionError;
  say(
    isExplained
      ? error.message
      : error instanceof Error
        ? `${error.name}: ${error.message}`
        : String(error),
  );
  process.exitCode = 1;
}
