import type { Step } from './chaincode/operations.ts';
import type { Request } from './person.ts';
import type { Organization, Who, World } from './world.ts';

/** One behaviour of the table. */
export interface Row {
  /** area/name */
  readonly id: string;
  /** What is done, and so what the answer is about; a sentence. */
  readonly behaviour: string;
  /** Not while other rows run: it stops the chaincode, or looks at the blocks. */
  readonly isAlone?: boolean;
  readonly run: (world: World) => Promise<unknown>;
}

/** A row that a script tells. */
export interface ScriptRow {
  /** Committed before, one transaction each. */
  readonly given?: readonly (readonly Step[])[];
  readonly who?: Organization | Who;
  readonly evaluate?: readonly Step[];
  readonly submit?: readonly Step[];
  readonly by?: readonly string[];
  readonly transient?: Readonly<Record<string, string>>;
  readonly chaincode?: string;
  readonly channel?: string;
  /** Asked afterwards at every organization's peer by its own user. */
  readonly after?: readonly Step[];
  readonly isAlone?: boolean;
}

async function runScript(world: World, row: ScriptRow): Promise<unknown> {
  for (const script of row.given ?? []) await world.given(script);
  const who = row.who ?? 'hospital';
  const { by, transient, chaincode, channel } = row;
  const request = (script: readonly Step[]): Request => ({
    script,
    ...(by === undefined ? {} : { by }),
    ...(transient === undefined ? {} : { transient }),
    ...(chaincode === undefined ? {} : { chaincode }),
    ...(channel === undefined ? {} : { channel }),
  });
  const { evaluate, submit, after } = row;
  return {
    evaluated: evaluate === undefined ? undefined : await world.evaluate(who, request(evaluate)),
    submitted: submit === undefined ? undefined : await world.submit(who, request(submit)),
    after: after === undefined ? undefined : await world.everywhere(after),
  };
}

/** A row of the table from a script. */
export function script(id: string, behaviour: string, row: ScriptRow): Row {
  return {
    id,
    behaviour,
    ...(row.isAlone === true ? { isAlone: true } : {}),
    run: (world) => runScript(world, row),
  };
}

/** A row of the table with a step of its own. */
export function step(id: string, behaviour: string, run: Row['run']): Row {
  return { id, behaviour, run };
}

export function alone(row: Row): Row {
  return { ...row, isAlone: true };
}
