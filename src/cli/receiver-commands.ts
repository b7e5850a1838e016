import type { Command } from 'commander';
import type { Launch } from './run-process';

/** Adds the commands about receivers. */
export function addReceiverCommands(program: Command, launch: Launch): void {
  const receivers = program.command('receivers').description('about receivers: where messages go');
  receivers
    .command('list')
    .description('prints the receivers of the configuration')
    .action((_: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { printReceivers } = await import('../commands/receivers.js');
        return printReceivers(loaded.config, { json }, io);
      }),
    );
  receivers
    .command('test')
    .description('sends a test message to a receiver, and explains its answer; exit code 1 when it is not accepted')
    .argument('<name>', 'name of the receiver')
    .action((name: string, _: object, command: Command) =>
      launch(
        command.optsWithGlobals(),
        async ({ loaded, json, io }) => {
          const { testReceiver } = await import('../commands/receivers.js');
          return testReceiver(loaded.config, { name, json }, io);
        },
        'exitCode',
      ),
    );
}
