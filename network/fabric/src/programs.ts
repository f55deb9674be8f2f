import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Hyperledger Fabric's own programs that the network runs. */
export const PROGRAMS = ['peer', 'orderer', 'configtxgen', 'configtxlator', 'osnadmin'] as const;
export type Program = (typeof PROGRAMS)[number];
/** Full path of each program. */
export type FabricPrograms = Readonly<Record<Program, string>>;

/** Version that the project is tried with. */
const FABRIC_VERSION = '3.1.5';

/** One or more of Fabric's programs are not on this machine; the message says how to get them. */
export class MissingProgramsError extends Error {
  override readonly name = 'MissingProgramsError';
  readonly missing: readonly Program[];

  constructor(missing: readonly Program[], searched: string) {
    super(
      [
        `Hyperledger Fabric's programs are missing: ${missing.join(', ')}.`,
        `Searched: ${searched}.`,
        `Get them with Fabric's own installer, as its documentation describes`,
        '(https://hyperledger-fabric.readthedocs.io/en/latest/install.html):',
        `  ./install-fabric.sh --fabric-version ${FABRIC_VERSION} binary`,
        'and then set FABRIC_BIN to the bin folder that it makes.',
      ].join('\n'),
    );
    this.missing = missing;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Finds the programs in the folder that FABRIC_BIN names, else on PATH.
 *
 * @throws MissingProgramsError naming what was not found.
 */
export function findPrograms(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): FabricPrograms {
  const chosen = environment['FABRIC_BIN'];
  const useChosen = chosen !== undefined && chosen !== '';
  const folders = useChosen ? [chosen] : (environment['PATH'] ?? '').split(delimiter);
  const find = (program: Program): string | undefined =>
    folders.map((folder) => join(folder, program)).find(isProgram);
  const found = PROGRAMS.map((program) => [program, find(program)] as const);
  const missing = found.flatMap(([program, file]) => (file === undefined ? [program] : []));
  if (missing.length > 0) {
    const searched = useChosen ? `FABRIC_BIN (${chosen})` : 'PATH, since FABRIC_BIN is not set';
    throw new MissingProgramsError(missing, searched);
  }
  return Object.fromEntries(found) as FabricPrograms;
}
