#!/usr/bin/env node
import { Command } from 'commander';
import { addAdminCommands } from './cli/admin-commands.ts';
import { addRunCommand } from './cli/run-command.ts';

const program = new Command('devnet').description(
  'a Fabric network in one process, for development',
);
addRunCommand(program);
addAdminCommands(program);

try {
  await program.parseAsync();
  process.exit(0);
} catch (error) {
  process.stderr.write(`devnet: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
