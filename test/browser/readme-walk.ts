import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../integration/start.ts';

const PULSE = 'npx pulse ';

/**
 * The commands of the README's five minutes, without `npx pulse` and comments.
 *
 * @throws Error when one of them is something else, which no test would run
 */
export function readmeWalk(): string[] {
  const readme = readFileSync(join(CHECKOUT, 'README.md'), 'utf8');
  const [, section = ''] = readme.split('\n## Five minutes\n');
  const [, block = ''] = /```sh\n([^`]*)```/.exec(section) ?? [];
  const commands = block.split('\n').flatMap((line) => line.split('#')[0]?.trim() || []);
  const others = commands.filter((command) => !command.startsWith(PULSE));
  if (others.length > 0) throw new Error(`not run by any test: ${others.join(', ')}`);
  return commands.map((command) => command.slice(PULSE.length));
}
