import { readFile } from 'node:fs/promises';
import { Identifier } from '@pulseledger/domain';
import { InvalidArgumentError } from 'commander';
import { ProvisionError } from './errors.ts';

/** Ids of practitioners who join a provider's group of authors of psychotherapy notes, and of those who leave it. */
export interface AuthorChanges {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Files by organization: ids of people stand in no list of processes. */
export type AuthorFiles = Readonly<Record<string, string>>;

/** What the contract takes in one transaction. */
const MOST_IDS = 50;
const LINE = /^(add|remove)\s+(\S+)$/;

/** Reads one `--note-authors <organization>=<file>`. @throws InvalidArgumentError */
export function collectAuthorFile(text: string, before: AuthorFiles = {}): AuthorFiles {
  const [, organization, file] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text) ?? [];
  if (organization === undefined || file === undefined) {
    throw new InvalidArgumentError('an organization and a file, e.g. clinic=authors.txt');
  }
  return { ...before, [organization]: file };
}

/**
 * Reads a file with a line `add <id>` or `remove <id>` for each practitioner.
 *
 * @throws ProvisionError with the number of the line, never with what stands in it.
 */
export async function readAuthorChanges(file: string): Promise<AuthorChanges> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ProvisionError(`${file} cannot be read.`, { cause });
  });
  const changes = { add: new Set<string>(), remove: new Set<string>() };
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, verb, id] = LINE.exec(line.trim()) ?? [];
    if ((verb !== 'add' && verb !== 'remove') || !Identifier.safeParse(id).success) {
      throw new ProvisionError(
        `${file}, line ${index + 1}: "add" or "remove" and the id of a practitioner (32 hex digits) are expected.`,
      );
    }
    changes[verb].add(id ?? '');
  }
  const [add, remove] = [[...changes.add], [...changes.remove]];
  if (Math.max(add.length, remove.length) > MOST_IDS) {
    throw new ProvisionError(`${file} names more than ${MOST_IDS} people: divide it.`);
  }
  if (add.some((id) => changes.remove.has(id))) {
    throw new ProvisionError(`${file} adds and removes the same person.`);
  }
  return { add, remove };
}
