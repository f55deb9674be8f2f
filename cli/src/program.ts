import { Command } from 'commander';
import { addChart } from './commands/chart.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsent } from './commands/consent.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEmergency } from './commands/emergency.ts';
import { addHandOvers } from './commands/hand-over.ts';
import { addHistory } from './commands/history.ts';
import { addIdentities } from './commands/identities.ts';
import { addImport } from './commands/import.ts';
import { addLogin } from './commands/login.ts';
import { addPatients } from './commands/patients.ts';
import { addStatus } from './commands/status.ts';
import { addTail } from './commands/tail.ts';
import { addTrigger } from './commands/trigger.ts';
import { addWhoLooked } from './commands/who-looked.ts';

const HELP = `
Results go to stdout, everything else to stderr. PATIENT is an id, or the test login of a patient.

Exit codes:
  0    done
  1    something failed; the message says what, why, and what to do
  2    wrong usage
  3    integrity: something is not what was signed
  4    not allowed, or nobody is logged in
  130  interrupted by Ctrl-C`;

/** The whole command line. */
export function program(): Command {
  const command = new Command('pulse')
    .description('Use and operate a running Pulseledger.')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', HELP);
  addDoctor(command);
  addStatus(command);
  addLogin(command);
  addPatients(command);
  addChart(command);
  addWhoLooked(command);
  addHistory(command);
  addConsent(command);
  addEmergency(command);
  addTrigger(command);
  addTail(command);
  addImport(command);
  addHandOvers(command);
  addIdentities(command);
  addCompletion(command);
  return command;
}
