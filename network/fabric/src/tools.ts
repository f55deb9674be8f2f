import { readFile, writeFile } from 'node:fs/promises';
import { accepts } from '../../processes/src/index.ts';
import type { FabricPrograms, Program } from './programs.ts';
import type { Address, Layout, OrdererPlace, PeerPlace } from './render/layout.ts';
import { runProgram } from './run-program.ts';

/** A node whose machine runs something. */
export type Beside = PeerPlace | OrdererPlace;

/**
 * Fabric's own programs, and where they run. On one machine that is here. Where every node has a machine to itself,
 * what speaks to a node runs on the node's machine: only there are its administration and the names of the others
 * in reach.
 */
export interface FabricTools {
  /** Runs a program that speaks to nobody, on files here. @throws ProgramError */
  readonly here: (program: Program, args: readonly string[]) => Promise<string>;
  /** Runs a program on a node's machine, where the layout's paths are valid. @throws ProgramError */
  readonly beside: (
    node: Beside,
    program: Program,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ) => Promise<string>;
  /** Whether something listens there, as the node's machine sees it. */
  readonly accepts: (node: Beside, address: Address) => Promise<boolean>;
  /** Folder on nodes' machines for what is in this folder here. */
  readonly folderBeside: (folder: string) => string;
  readonly read: (node: Beside, file: string) => Promise<Uint8Array>;
  readonly write: (node: Beside, file: string, bytes: Uint8Array) => Promise<void>;
  /** The same network with its certificates where a program here finds them. */
  readonly layoutHere: (layout: Layout) => Layout;
}

/** Everything on this machine. */
export function localTools(programs: FabricPrograms): FabricTools {
  return {
    here: (program, args) => runProgram(programs[program], args),
    beside: (_, program, args, environment) => runProgram(programs[program], args, environment),
    accepts: (_, { host, port }) => accepts(host, port),
    folderBeside: (folder) => folder,
    read: (_, file) => readFile(file),
    write: (_, file, bytes) => writeFile(file, bytes),
    layoutHere: (layout) => layout,
  };
}
