import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { writePrivate } from '../../../identity/src/key-folder.ts';
import { connectAdmin } from '../client/admin-client.ts';
import type { DevnetControl } from '../control/control.ts';
import { ControlError } from '../control/errors.ts';
import type { FaultKind } from '../control/fault-types.ts';
import type { BlockCutting } from '../orderer/block-cutting.ts';
import { adminFile } from './admin-file.ts';

const dataOption = z.looseObject({ data: z.string() });

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new ControlError(`"${text}" is no whole number.`);
}

/** Adds a verb: what it answers is printed as one line of JSON. */
function verb(
  program: Command,
  usage: string,
  description: string,
  run: (control: DevnetControl, args: readonly string[], options: unknown) => Promise<unknown>,
): Command {
  const command = program
    .command(usage)
    .description(description)
    .requiredOption('--data <dir>', "the running network's folder (it was started with --admin)");
  return command.action(async () => {
    const options = dataOption.parse(command.opts());
    const control = await connectAdmin(adminFile(options.data));
    const answer = await run(control, command.args, options);
    process.stdout.write(`${JSON.stringify(answer ?? { done: true })}\n`);
  });
}

function addLedgerCommands(program: Command): void {
  verb(program, 'status', 'what the network is doing', (control) => control.status());
  verb(program, 'snapshot', 'remember the ledger as it is', (control) => control.snapshot());
  verb(program, 'revert <id>', 'go back to a snapshot', (control, [id = '']) =>
    control.revert(wholeNumber(id)),
  );
  verb(program, 'release <id>', 'forget a snapshot', (control, [id = '']) =>
    control.releaseSnapshot(wholeNumber(id)),
  );
  verb(program, 'dump <file>', 'write the whole ledger to a file', (control, [file = '']) =>
    control.dump(file),
  );
  verb(program, 'load <file>', 'replace the ledger by a dump', (control, [file = '']) =>
    control.load(file),
  );
  verb(program, 'verify', 'read all blocks and check their chain', (control) => control.verify());
}

function cutting(mode: string, value: string | undefined): BlockCutting {
  if (mode === 'auto' || mode === 'manual') return { mode };
  if (mode === 'size') return { mode, transactions: wholeNumber(value ?? '') };
  if (mode === 'timer') return { mode, ms: wholeNumber(value ?? '') };
  throw new ControlError(
    'Blocks are cut auto, manual, size <transactions> or timer <milliseconds>.',
  );
}

function time(text: string): number | undefined {
  if (text === 'now') return undefined;
  const moved = /^([+-]\d+)s$/.exec(text)?.[1];
  const timeMs = moved === undefined ? Date.parse(text) : Date.now() + Number(moved) * 1_000;
  if (Number.isFinite(timeMs)) return timeMs;
  throw new ControlError(
    'A time is "now", +/-seconds as in +3600s, or a date as in 2026-01-31T12:00:00Z.',
  );
}

function addBlockCommands(program: Command): void {
  verb(
    program,
    'cutting <mode> [value]',
    'cut blocks auto | manual | size <transactions> | timer <milliseconds>',
    (control, [mode = '', value]) => control.setCutting(cutting(mode, value)),
  );
  verb(program, 'mine', 'cut a block now', (control) => control.mine());
  verb(
    program,
    'time <when>',
    "move the peers' clock: now | +3600s | 2026-01-31T12:00:00Z",
    (control, [when = '']) => control.setTime(time(when)),
  );
}

const faultOptions = z.object({
  times: z.string(),
  at: z.enum(['simulation', 'ordering']).default('ordering'),
  ms: z.string().optional(),
  peer: z.string().optional(),
  function: z.string().optional(),
  chaincode: z.string().optional(),
  creator: z.string().optional(),
});

function faultKind(kind: string, { at, ms, peer }: z.infer<typeof faultOptions>): FaultKind {
  if (kind === 'conflict' || kind === 'endorsement-mismatch' || kind === 'drop') return { kind };
  if (kind === 'delay') return { kind, at, ms: wholeNumber(ms ?? '') };
  if (kind === 'lose-private-data' && peer !== undefined) return { kind, peerMspId: peer };
  throw new ControlError(
    'Faults are conflict, endorsement-mismatch, drop, delay --ms N [--at simulation|ordering], lose-private-data --peer MSPID.',
  );
}

function addFaultCommands(program: Command): void {
  verb(
    program,
    'fault <kind>',
    'make the next transactions go wrong',
    (control, [kind = ''], given) => {
      const options = faultOptions.parse(given);
      return control.addFault({
        fault: faultKind(kind, options),
        times: wholeNumber(options.times),
        match: {
          chaincode: options.chaincode,
          functionName: options.function,
          creatorMspId: options.creator,
        },
      });
    },
  )
    .option('--times <n>', 'how many transactions', '1')
    .option('--ms <n>', 'of a delay')
    .option('--at <stage>', 'of a delay: simulation or ordering')
    .option('--peer <msp id>', 'whose peer loses private data')
    .option('--function <name>', 'only transactions of this function')
    .option('--chaincode <name>', 'only transactions of this chaincode')
    .option('--creator <msp id>', "only this organization's transactions");
  verb(program, 'clear-faults [id]', 'clear one fault, or all', async (control, [id]) => ({
    cleared: await control.clearFaults(id === undefined ? undefined : wholeNumber(id)),
  }));
}

const identityOptions = z.object({
  attribute: z.record(z.string(), z.string()),
  role: z.enum(['client', 'admin', 'peer', 'orderer']).optional(),
  name: z.string().optional(),
  out: z.string(),
});
const traceOptions = z.object({ member: z.string().optional() });

function addAttribute(
  text: string,
  known: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new ControlError(`--attribute takes NAME=VALUE, not "${text}".`);
  }
  return { ...known, [name]: value };
}

function addTransactionCommands(program: Command): void {
  verb(
    program,
    'trace <txId>',
    'what a committed transaction read and wrote, who endorsed it, and why it has its code',
    (control, [txId = ''], options) => control.trace(txId, traceOptions.parse(options).member),
  ).option('--member <msp id>', "private values as that organization's peer has them");
  verb(
    program,
    'identity <organization>',
    'issue a certificate of the organization, with its key, to a folder',
    async (control, [organization = ''], options) => {
      const { attribute, role, name, out } = identityOptions.parse(options);
      const request = { organization, attributes: attribute, role, commonName: name };
      const { mspId, certificatePem, privateKeyPem } = await control.issueIdentity(request);
      await mkdir(out, { recursive: true, mode: 0o700 });
      await writePrivate(join(out, 'certificate.pem'), certificatePem);
      await writePrivate(join(out, 'key.pem'), privateKeyPem);
      return { mspId, folder: out };
    },
  )
    .requiredOption('--out <dir>', 'where to write certificate.pem and key.pem')
    .option('--attribute <name=value>', 'an attribute; once for each', addAttribute, {})
    .option('--role <role>', 'client, admin, peer or orderer')
    .option('--name <name>', 'common name');
}

/** The verbs for a network that runs in another process. */
export function addAdminCommands(program: Command): void {
  addLedgerCommands(program);
  addBlockCommands(program);
  addFaultCommands(program);
  addTransactionCommands(program);
}
