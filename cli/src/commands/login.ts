import type { Command } from 'commander';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { print, printJson, table, time } from '../base/output.ts';
import { readSystem } from '../system/system-file.ts';
import { logIn, saveLogin } from '../system/token.ts';

export function addLogin(program: Command): void {
  const command = program
    .command('login')
    .description('log in as a test login, for 15 minutes; without a name, list the test logins')
    .argument('[user]', 'e.g. hospital-doctor, patient-ada, administrator');
  withExamples(withSystem(command), ['login', 'login hospital-doctor']).action(login);
}

/** Only the token is kept, in a file of the data folder that only its owner reads. */
async function login(
  user: string | undefined,
  { system: file, json }: CommonOptions,
): Promise<void> {
  const system = await readSystem(file);
  if (user === undefined) {
    const logins = system.logins.map(({ user: name, role, organization }) => ({
      user: name,
      role,
      organization,
    }));
    if (json) printJson({ logins });
    else {
      const rows = logins.map((one) => [one.user, one.role, one.organization]);
      print(table(['login', 'role', 'organization'], rows));
    }
    return;
  }
  const made = await logIn(system, file, user);
  await saveLogin(system, made);
  const { expiresAtMs } = made;
  if (json) printJson({ user, expiresAtMs });
  else print(`Logged in as ${user} until ${time(expiresAtMs)}.`);
}
