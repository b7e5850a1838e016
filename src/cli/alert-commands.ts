import type { Command } from 'commander';
import type { ExplainOptions } from '../commands/explain-routes';
import type { Launch } from './run-process';

/** Adds the commands about messages: who gets them. */
export function addAlertCommands(program: Command, launch: Launch): void {
  const routes = program.command('routes').description('about routes, which say who gets which messages');
  routes
    .command('explain')
    .description(
      'prints who would get a message, and why: which routes match, and which of their conditions do not hold',
    )
    .option('--host <name>', 'host of the errors')
    .option('--rule <name>', 'rule of the message; may be left out when there is one')
    .option('--level <level>', 'error, warn, info or debug; that of the rule when not given')
    .option('--severity <severity>', 'critical, error, warning or info; that of the rule when not given')
    .option('--pattern <text>', 'masked pattern of the errors')
    .option('--at <time>', 'when the message is decided, such as 2026-11-30T18:00:00+01:00; now when not given')
    .action((flags: Omit<ExplainOptions, 'json'>, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { runExplainRoutes } = await import('../commands/explain-routes.js');
        return runExplainRoutes(loaded.config, { ...flags, json }, io);
      }),
    );
}
