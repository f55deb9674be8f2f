import { gunzipSync } from 'node:zlib';
import {
  type Beside,
  type FabricTools,
  ProgramError,
  runProgram,
} from '@pulseledger/network/fabric/channel';
import type { Layout } from '@pulseledger/network/fabric/render';
import { PROGRAMS } from '../lib/fabric/host-scripts.ts';
import { type MachineFolders, machineLayout } from '../lib/fabric/machine-layout.ts';
import { administratorSecretName } from '../lib/names.ts';
import type { Edges } from './edges.ts';
import { MachineCommandError } from './machine-commands.ts';
import { asAdministrator, listens, place, prepareReading, slice, WORK } from './machine-scripts.ts';

/** Systems Manager keeps 24,000 characters of what a command writes. */
const SLICE_CHARACTERS = 20_000;
/** A channel of a hundred organizations stays below it. */
const MOST_SLICES = 200;

/** Folders of who administers a node, on the node's machine. */
export const ADMINISTRATION: MachineFolders = {
  keysFolder: `${WORK}/keys`,
  ledgerFolder: WORK,
};

export interface RemoteToolsOptions {
  readonly edges: Edges;
  /** Fabric's programs here. */
  readonly programs: Readonly<Record<'configtxgen' | 'configtxlator', string>>;
  /** Where the keys of all organizations are here. */
  readonly keysFolder: string;
  /** Hash of what machines need of the layout's files, by path there. */
  readonly published: Readonly<Record<string, string>>;
}

/** Fabric's programs on the machines of AWS: what speaks to a node runs beside it, through Systems Manager. */
export function remoteTools(options: RemoteToolsOptions): FabricTools {
  const { edges, programs, keysFolder, published } = options;
  const { objects } = edges.common;
  const commandsOf = (node: Beside): Edges['common']['commands'] =>
    edges.of(node.organization.name).commands;
  const objectOf = (hash: string): { url: string; hash: string } => ({
    url: objects.urlOf(hash),
    hash,
  });
  return {
    here: (program, args) => {
      if (program === 'configtxgen' || program === 'configtxlator') {
        return runProgram(programs[program], args);
      }
      throw new RangeError(`${program} speaks to nodes, which are not here.`);
    },
    beside: async (node, program, args, environment = {}) => {
      const { name } = node.organization;
      const named = Object.entries(published).filter(([path]) =>
        args.some((argument) => argument.endsWith(path)),
      );
      const script = asAdministrator({
        secret: edges.of(name).secrets.nameOf(administratorSecretName(name)),
        files: Object.fromEntries(named.map(([path, hash]) => [path, objectOf(hash)])),
        environment,
        command: [`${PROGRAMS}/bin/${program}`, ...args],
      });
      const purpose = [program, ...args.filter((argument) => /^[a-z]+$/.test(argument))].join(' ');
      try {
        return await commandsOf(node).run(node.host, purpose, script);
      } catch (error) {
        if (!(error instanceof MachineCommandError)) throw error;
        throw new ProgramError(`${program} on ${node.host}`, args, error.output);
      }
    },
    accepts: async (node, address) =>
      (await commandsOf(node).run(node.host, 'look for an orderer', listens(address))).trim() ===
      'yes',
    folderBeside: () => `${WORK}/work`,
    read: async (node, file) => {
      const run = (purpose: string, script: string): Promise<string> =>
        commandsOf(node).run(node.host, purpose, script);
      const length = Number(await run('prepare a file', prepareReading(file)));
      if (!(length > 0 && length < SLICE_CHARACTERS * MOST_SLICES)) {
        throw new RangeError(`A file of the channel on ${node.host} has no length that can be.`);
      }
      let text = '';
      while (text.length < length) {
        const part = await run('read a file', slice(text.length, SLICE_CHARACTERS));
        if (part === '') break;
        text += part;
      }
      return gunzipSync(Buffer.from(text, 'base64'));
    },
    write: async (node, file, bytes) => {
      const object = objectOf(await objects.put(bytes));
      await commandsOf(node).run(node.host, 'place a file', place(file, object));
    },
    layoutHere: (layout: Layout) =>
      machineLayout(layout.definition, { ...ADMINISTRATION, keysFolder }),
  };
}
