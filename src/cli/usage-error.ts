import { CommanderError, type Command, type Option } from 'commander';
import { TelltaleError } from '../errors';
import { advise } from '../nearest';

/**
 * Turns commander's error into one sentence with advice.
 * @param command the called command, possibly the program itself
 */
export function usageError({ code, message }: CommanderError, command: Command): TelltaleError {
  const problem = message.replace(/^error: /, '').replace(/\.$/, '');
  return new TelltaleError('USAGE', `${problem}; ${advice(code, problem, command)}`);
}

function advice(code: string, problem: string, command: Command): string {
  const written = /'(.*)'/s.exec(problem)?.[1] ?? '';
  switch (code) {
    case 'commander.unknownOption':
      return advise(written, optionNames(command), see(command));
    case 'commander.unknownCommand':
      return advise(
        written,
        command.commands.map((known) => known.name()),
        see(command),
      );
    default:
      return see(command);
  }
}

function optionNames(command: Command): string[] {
  const above = (of: Command): readonly Option[] => [...of.options, ...(of.parent === null ? [] : above(of.parent))];
  return [...above(command).flatMap(({ long }) => long ?? []), '--help'];
}

function see(command: Command): string {
  return `see ${fullName(command)} --help`;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** True when commander has printed help. On request, its exit code is 0. */
export function isHelp(error: unknown): error is CommanderError {
  return error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help');
}
