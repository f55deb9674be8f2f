// `npm run devices:aws`: makes a device known to an environment on AWS, and takes one out of service.
import { readFile, writeFile } from 'node:fs/promises';
import { IoTClient } from '@aws-sdk/client-iot';
import { Identifier, WearerRequest } from '@pulseledger/domain';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ENVIRONMENT_NAMES, type EnvironmentName } from '../environments/environment.ts';
import { ENVIRONMENTS } from '../environments/environments.ts';
import { type EnrolmentMeans, enrol, revoke } from './enrolment.ts';
import { EnrolmentError } from './errors.ts';
import { Register } from './register.ts';
import { Things } from './things.ts';

const MQTT_PORT = 8_883;

const HELP = `
PULSE_ACCESS_TOKEN holds the access token of an administrator's login: the ledger is told through the API, as
by everybody else. AWS is asked with the credentials of the AWS CLI, or of --profile.

The private key stays on the device, which makes the request with it:
  openssl ecparam -name prime256v1 -genkey -noout -out device.key
  openssl req -new -key device.key -subj /CN=device -out device.csr

It looks at what there is and does what is missing, so the same command goes on after a failure.

Exit codes:
  0  done
  1  failed; the message says why
  2  wrong usage

Examples:
  npm run devices:aws -- enrol --env dev --csr device.csr --manufacturer Acme --model Band --serial 42
      --patient 0123456789abcdef0123456789abcdef --from 2026-11-23T08:00:00Z --out device.pem
  npm run devices:aws -- revoke --env dev --device 0123456789abcdef0123456789abcdef`;

interface Common {
  readonly env: EnvironmentName;
  readonly profile?: string;
  readonly api?: string;
  readonly json: boolean;
}

interface EnrolOptions extends Common {
  readonly csr: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly patient: string;
  readonly from: number;
  readonly until?: number;
  readonly out: string;
}

function meansOf({ env, profile, api }: Common): EnrolmentMeans {
  const environment = ENVIRONMENTS[env];
  const token = process.env['PULSE_ACCESS_TOKEN'] ?? '';
  if (token === '') {
    throw new EnrolmentError(
      'PULSE_ACCESS_TOKEN is not set. Log in at the page as an administrator and put the access token there.',
    );
  }
  const { region } = environment;
  const client = new IoTClient({ region, ...(profile === undefined ? {} : { profile }) });
  return {
    things: new Things(client, environment),
    register: new Register(api ?? `${environment.api.pageOrigin}/api`, token),
    onStep: (step) => {
      process.stderr.write(`${step}\n`);
    },
  };
}

async function enrolOne(options: EnrolOptions): Promise<void> {
  const { env, csr, manufacturer, model, serial, patient, from, until, out, json } = options;
  const means = meansOf(options);
  const device = { manufacturer, model, serial };
  const wearer = WearerRequest.parse({ patientId: patient, fromMs: from, untilMs: until ?? null });
  const certificateRequestPem = await readFile(csr, 'utf8');
  const enrolled = await enrol({ certificateRequestPem, device, wearer }, means);
  await writeFile(out, enrolled.certificatePem);
  const brokerUrl = `mqtts://${ENVIRONMENTS[env].iotDataHost}:${MQTT_PORT}`;
  const { deviceId } = enrolled;
  const words = `Device ${deviceId}: its certificate is in ${out}; it connects to ${brokerUrl} under this id.`;
  console.log(json ? JSON.stringify({ deviceId, brokerUrl, certificateFile: out }) : words);
}

async function revokeOne({ device, ...common }: Common & { device: string }): Promise<void> {
  const certificates = await revoke(device, meansOf(common));
  const words = `Device ${device} is out of service; it had ${certificates} certificates.`;
  console.log(common.json ? JSON.stringify({ deviceId: device, certificates }) : words);
}

function identifier(text: string): string {
  if (Identifier.safeParse(text).success) return text;
  throw new InvalidArgumentError('It is 32 lower-case hex digits.');
}

function moment(text: string): number {
  const atMs = Date.parse(text);
  if (/T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(atMs)) return atMs;
  throw new InvalidArgumentError('It is a time with its zone, such as 2026-11-23T08:00:00Z.');
}

function common(command: Command): Command {
  return command
    .addOption(
      new Option('--env <name>', 'the environment')
        .choices(ENVIRONMENT_NAMES)
        .makeOptionMandatory(),
    )
    .option('--profile <name>', 'profile of the AWS CLI')
    .option('--api <url>', "the API (default: that of the environment's page)")
    .option('--json', 'one JSON object on stdout', false);
}

const program = new Command('npm run devices:aws --')
  .description('Devices of an environment on AWS.')
  .exitOverride()
  .showHelpAfterError('(--help shows what is possible)')
  .addHelpText('afterAll', HELP);
common(program.command('enrol').description('make a device known to broker and ledger'))
  .requiredOption('--csr <file>', "the device's certificate request")
  .requiredOption('--manufacturer <name>')
  .requiredOption('--model <name>')
  .requiredOption('--serial <name>')
  .requiredOption('--patient <id>', 'who wears it', identifier)
  .requiredOption('--from <time>', 'since when', moment)
  .option('--until <time>', 'until when (default: until it is ended)', moment)
  .requiredOption('--out <file>', 'where its certificate is put')
  .action(enrolOne);
common(program.command('revoke').description('take a device out of service'))
  .requiredOption('--device <id>', 'the device', identifier)
  .action(revokeOne);

try {
  await program.parseAsync();
} catch (error) {
  const isUsage = error instanceof Error && 'exitCode' in error;
  if (isUsage) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
