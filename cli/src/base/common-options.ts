import type { Command } from 'commander';
import { SYSTEM_FILE } from './checkout.ts';

/** What every verb that talks to the running system takes. */
export interface CommonOptions {
  readonly system: string;
  readonly json: boolean;
}

/** Of a verb that asks as somebody. */
export interface LoginOptions extends CommonOptions {
  /** Test login for this call only; otherwise who has logged in. */
  readonly login?: string;
}

export function withSystem(command: Command): Command {
  return command
    .option('--system <file>', 'coordinates of the running system (or PULSE_SYSTEM)', SYSTEM_FILE)
    .option('--json', 'JSON on stdout', false);
}

export function withLogin(command: Command): Command {
  return withSystem(command).option('--login <user>', 'ask as this test login, for this call only');
}
