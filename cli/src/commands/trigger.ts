import { ERRORS, type LedgerPlace, type ValueReading } from '@pulseledger/domain';
import { type Command, Option } from 'commander';
import { duration } from '../base/arguments.ts';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT, Failure } from '../base/failure.ts';
import { print, printJson, say, table } from '../base/output.ts';
import { Api } from '../system/api.ts';
import type { Resource } from '../system/fhir.ts';
import { patientNamed, readSystem, type System } from '../system/system-file.ts';
import { DeviceConnection } from '../trigger/device-connection.ts';
import { HEART_RATE, readBack } from '../trigger/read-back.ts';
import { enrolDevice, signedChunk, type TriggerDevice } from '../trigger/trigger-device.ts';

/** A healthy pulse, so that no alarm is raised. */
const [LOWEST, HIGHEST] = [62, 78];

interface Options extends LoginOptions {
  readonly patience: number;
}

/** A place on the way of the reading. */
interface Hop {
  readonly hop:
    | 'enrolled'
    | 'connected'
    | 'measured'
    | 'signed'
    | 'queued'
    | 'committed'
    | 'readable';
  readonly atMs: number;
  /** Since the hop before. */
  readonly tookMs: number;
}

const MEANINGS: Readonly<Record<Hop['hop'], string>> = {
  enrolled: 'device registered and assigned on the ledger, certificate issued',
  connected: 'TLS with the device certificate, acknowledgements subscribed',
  measured: 'the sensor has a value',
  signed: 'chunk encoded and signed by the device (ES256)',
  queued: 'PUBACK: the broker has it in the durable queue',
  committed: 'endorsed by hospital and clinic, ordered, committed; the device was told so',
  readable: 'read back through the FHIR API, value and time as signed',
};

const HELP = `
A simulated device of the patient is enrolled (once; it is kept) and measures a heart rate, which stays in
the record. It tells the transaction and block, which every organization has, and the time at each hop by this
machine's clock, where everything runs. It is read back as --login, else as the patient. Exit code 3: what the API shows is not what was signed.`;

export function addTrigger(program: Command): void {
  const command = program
    .command('trigger')
    .description('one reading through every hop to the ledger and back, timed')
    .argument('[patient]', 'id, or test login (default: the first patient)')
    .addOption(
      new Option('--patience <time>', 'wait so long for the ledger')
        .argParser(duration)
        .default(60_000, '60s'),
    );
  withExamples(withLogin(command).addHelpText('after', HELP), [
    'trigger',
    'trigger patient-ada --json',
  ]).action(trigger);
}

async function trigger(patient: string | undefined, options: Options): Promise<void> {
  const system = await readSystem(options.system);
  const patientId = patientNamed(system, patient ?? system.patients[0]?.patientId ?? '');
  const administrator = await Api.open({ system: options.system, login: 'administrator' });
  const reader = await Api.open({
    system: options.system,
    login: options.login ?? readerOf(system, patientId),
  });
  const way = new Way(options.json);
  const device = await enrolDevice(administrator, patientId);
  way.reached('enrolled');
  const connection = await DeviceConnection.open(device);
  try {
    way.reached('connected');
    const reading = measure();
    way.reached('measured');
    const chunk = signedChunk(device, reading);
    way.reached('signed');
    await connection.publish(chunk);
    way.reached('queued');
    const { status, reason, place } = await connection.acknowledgement(options.patience);
    if (status === 'quarantined') throw quarantined(reason ?? 'malformed');
    way.reached('committed');
    const found = await readBack(reader, patientId, device, reading);
    way.reached('readable');
    tell(way, { patientId, device, reading, found, place, bytes: chunk.length }, options.json);
  } finally {
    await connection.close();
  }
}

/** Notes when each hop was reached. */
class Way {
  readonly hops: Hop[] = [];
  readonly #isQuiet: boolean;
  #lastMs = Date.now();

  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  reached(hop: Hop['hop']): void {
    const atMs = Date.now();
    this.hops.push({ hop, atMs, tookMs: atMs - this.#lastMs });
    this.#lastMs = atMs;
    if (!this.#isQuiet) say(`${hop}: ${MEANINGS[hop]}`);
  }

  /** From measured to the last hop. */
  get wholeMs(): number {
    const measured = this.hops.find(({ hop }) => hop === 'measured')?.atMs ?? this.#lastMs;
    return this.#lastMs - measured;
  }
}

function readerOf(system: System, patientId: string): string {
  const own = system.logins.find(({ subjectId }) => subjectId === patientId)?.user;
  return own ?? system.logins.find(({ role }) => role === 'doctor')?.user ?? 'hospital-doctor';
}

function measure(): ValueReading {
  const value = LOWEST + (Date.now() % (HIGHEST - LOWEST));
  return { code: HEART_RATE, unit: '/min', atMs: Date.now(), value };
}

function quarantined(reason: keyof typeof ERRORS): Failure {
  return new Failure(EXIT.failed, {
    what: 'The reading was quarantined.',
    why: `${ERRORS[reason].title} (${reason})`,
    remedy: ERRORS[reason].remedy,
  });
}

interface Told {
  readonly patientId: string;
  readonly device: TriggerDevice;
  readonly reading: ValueReading;
  readonly found: Resource;
  /** Missing when an earlier delivery had committed it. */
  readonly place: LedgerPlace | undefined;
  readonly bytes: number;
}

function tell(way: Way, told: Told, json: boolean): void {
  const { patientId, device, reading, found, place, bytes } = told;
  const { deviceId, boot } = device;
  const observation = `Observation/${found.id ?? ''}`;
  if (json) {
    const { code, unit, value, atMs } = reading;
    const signed = { code, unit, value, atMs, bytes };
    printJson({
      patientId,
      deviceId,
      boot,
      signed,
      observation,
      ...place,
      hops: way.hops,
      wholeMs: way.wholeMs,
    });
    return;
  }
  const rows = way.hops.map(({ hop, atMs, tookMs }) => [
    hop,
    new Date(atMs).toISOString(),
    `${tookMs} ms`,
  ]);
  print(table(['hop', 'at', 'took'], rows));
  const where =
    place === undefined
      ? 'It was on the ledger already.'
      : `Block ${place.blockNumber}, transaction ${place.transactionId}.`;
  print(`\n${where}`);
  print(`${observation} shows what was signed, ${way.wholeMs} ms after it was measured.`);
}
