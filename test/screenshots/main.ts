/** `npm run screenshots`: a picture of every view, to be looked at before a customer does. */
import { join } from 'node:path';
import { PageBrowser, type PageSystem } from '../browser/page-browser.ts';
import { readSystemFile } from '../integration/running-system.ts';
import { parseArguments, type ScreenshotOptions, USAGE } from './arguments.ts';
import { Camera } from './camera.ts';
import { beforeSignIn, everyView, type Tour } from './tour.ts';

const NOBODY = 'nobody';

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One login of each role and organization, by the order in which the system names them. */
function loginsOf(system: PageSystem, only: readonly string[]): string[] {
  const known = new Set(system.logins.map(({ user }) => user));
  const unknown = only.find((name) => name !== NOBODY && !known.has(name));
  if (unknown !== undefined) {
    throw new Error(`There is no login ${unknown}; there are ${[...known].join(', ')}.`);
  }
  if (only.length > 0) return [...only];
  const firsts = new Map(system.logins.toReversed().map(({ role, user }) => [role, user]));
  return [NOBODY, ...[...known].filter((user) => [...firsts.values()].includes(user))];
}

async function run(options: ScreenshotOptions): Promise<void> {
  const system = await readSystemFile(join(options.data, 'run', 'system.json')).catch(() => {
    throw new Error(`No system runs at ${options.data}. Start one with "npm start".`);
  });
  const logins = loginsOf(system, options.only);
  const camera = new Camera(options.out, options.widths);
  const browser = await PageBrowser.launch();
  const failed: string[] = [];
  try {
    for (const [index, login] of logins.entries()) {
      say(`${index + 1}/${logins.length} ${login}`);
      const visitor = await browser.visitor(system);
      let view = 'sign-in';
      try {
        if (login !== NOBODY) await visitor.enter(login);
        const tour: Tour = login === NOBODY ? beforeSignIn(visitor) : everyView(visitor);
        for await (view of tour) {
          say(`    ${view}`);
          await camera.take(visitor.page, login, view);
        }
      } catch (error) {
        const [reason] = String(error instanceof Error ? error.message : error).split('\n');
        failed.push(`${login}, after ${view}: ${reason}`);
        say(`    ${failed.at(-1)}`);
      }
      await visitor.leave();
    }
  } finally {
    await browser.close();
  }
  say(`${camera.taken} pictures in ${options.out}`);
  if (failed.length > 0) throw new Error(`not every view was reached:\n  ${failed.join('\n  ')}`);
}

try {
  const options = parseArguments(process.argv.slice(2));
  if (options === 'help') process.stdout.write(`${USAGE}\n`);
  else await run(options);
} catch (error) {
  say(`screenshots: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
