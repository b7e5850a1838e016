import type { Command } from 'commander';
import type { Launch } from './run-process';

/** Adds the command that checks a deployment. */
export function addDoctorCommands(program: Command, launch: Launch): void {
  program
    .command('doctor')
    .description(
      'checks what a deployment needs: machine, AWS, Kafka, mail; says what to do, and changes nothing. Exit code 1 when a ' +
        'check fails or finds nothing out',
    )
    .action((_: object, command: Command) =>
      launch(
        command.optsWithGlobals(),
        async ({ loaded, json, io }) => {
          const { runDoctor } = await import('../commands/doctor.js');
          return runDoctor(loaded.config, { json }, io);
        },
        'exitCode',
      ),
    );
}
