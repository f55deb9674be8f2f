import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectionProfile, Identifier, ORGANIZATIONS, PulseError } from '@pulseledger/domain';
import {
  ClinicalClient,
  connectGateway,
  type LedgerConnection,
  RecordClient,
  unreplayedErasures,
} from '@pulseledger/ledger';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailure, EXIT, noSystem } from '../command/failure.ts';
import { print, runCommand } from '../command/run.ts';
import { CHECKOUT } from '../supervisor/checkout.ts';
import { dataFolder } from '../supervisor/data-folder.ts';
import { personFromKeys } from '../supervisor/key-identity.ts';

const HELP = `
Erasures of patients' data. A peer that was restored from a backup has again what was erased since: it
catches up with the channel, which purges it once more, and must not serve before "check" finds nothing.

Exit codes:
  0  done; check: everything that was erased is erased there
  1  something failed, or (check) something that was erased is still there; the message says what
  2  wrong usage
  3  no network is running there
  4  not entitled

Examples:
  npm run erasures -- check --restored clinic
  npm run erasures -- carry-out PATIENT REQUEST`;

const PROVIDERS = ['hospital', 'clinic'] as const;
type Provider = (typeof PROVIDERS)[number];

interface Options {
  readonly data: string;
  readonly json: boolean;
}

/** An administrator's client at an organization's own peer, by the installation's keys. */
async function clientAt(
  { data }: Options,
  organization: Provider,
): Promise<{ readonly client: ClinicalClient; readonly connection: LedgerConnection }> {
  const folder = dataFolder(data);
  const file = join(folder.run, 'connection-profile.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw noSystem(folder.systemFile, error);
  });
  const profile = ConnectionProfile.parse(JSON.parse(text));
  const subjectId = randomBytes(16).toString('hex');
  const person = { organization, role: 'administrator', subjectId } as const;
  const signatories = await personFromKeys(folder.keys, person);
  const connection = connectGateway(profile, organization);
  const { calls } = new RecordClient({ connection, signatories });
  return { client: new ClinicalClient(calls), connection };
}

function failureOf(error: unknown): unknown {
  if (!(error instanceof PulseError)) return error;
  const isDenied = error.code === 'access_denied';
  const code = isDenied ? EXIT.notEntitled : EXIT.failed;
  return new CommandFailure(code, `The ledger says: ${error.message} (${error.code})`, error);
}

async function check(options: Options & { readonly restored: Provider }): Promise<void> {
  const [other = 'hospital'] = PROVIDERS.filter((name) => name !== options.restored);
  const reference = await clientAt(options, other);
  const restored = await clientAt(options, options.restored);
  try {
    const missing = await unreplayedErasures(reference.client, restored.client);
    if (options.json) print(JSON.stringify({ missing }));
    for (const { requestId, scope, keysLeft } of missing) {
      const left = Number.isNaN(keysLeft)
        ? 'it knows nothing of it'
        : `${keysLeft} keys or more left`;
      if (!options.json) print(`${requestId}  ${scope}  ${left}`);
    }
    if (missing.length > 0) {
      const text = `${missing.length} erasures are not replayed at the ${options.restored}: it must not serve yet.`;
      throw new CommandFailure(EXIT.failed, text);
    }
    if (!options.json) print(`Every erasure is replayed at the ${options.restored}.`);
  } catch (error) {
    throw failureOf(error);
  } finally {
    reference.connection.close();
    restored.connection.close();
  }
}

async function carryOut(patientId: string, requestId: string, options: Options): Promise<void> {
  const { client, connection } = await clientAt(options, 'hospital');
  const { documents } = dataFolder(options.data);
  try {
    const purged = await client.eraseAll({ patientId, requestId }, async (objectIds) => {
      for (const objectId of objectIds) await rm(join(documents, objectId), { force: true });
    });
    print(
      options.json ? JSON.stringify({ purged }) : `${purged} keys purged at every organization.`,
    );
  } catch (error) {
    throw failureOf(error);
  } finally {
    connection.close();
  }
}

function identifier(text: string): string {
  if (Identifier.safeParse(text).success) return text;
  throw new InvalidArgumentError('An id is 32 lower-case hex digits.');
}

function command(): Command {
  const program = new Command('npm run erasures --')
    .description('Erasures: carrying them out, and checking a restored peer.')
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('afterAll', HELP);
  const data = new Option('--data <folder>', 'folder of the installation').default(
    join(CHECKOUT, '.pulseledger'),
  );
  const json = new Option('--json', 'one JSON object on stdout').default(false);
  program
    .command('check')
    .description('does a restored peer still have what was erased?')
    .addOption(
      new Option('--restored <organization>', 'whose peer was restored')
        .choices(ORGANIZATIONS.filter((name) => name !== 'insurer'))
        .makeOptionMandatory(),
    )
    .addOption(data)
    .addOption(json)
    .action(check);
  program
    .command('carry-out')
    .description('purge what a granted request covers, in steps until nothing is left')
    .argument('<patient>', 'id of the patient', identifier)
    .argument('<request>', 'id of the request', identifier)
    .addOption(data)
    .addOption(json)
    .action(carryOut);
  return program;
}

await runCommand(command());
