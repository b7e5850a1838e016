import { InvalidArgumentError, type Command } from 'commander';
import { TelltaleError } from '../errors';
import type { Launch } from './run-process';

interface Flags {
  readonly terminatedOnly: boolean;
  readonly threshold?: readonly number[];
  readonly rulesDiff?: readonly string[];
}

/** Adds `telltale replay`, and the comparisons of rules over the same lines. */
export function addReplayCommand(program: Command, launch: Launch): void {
  program
    .command('replay')
    .description(
      'counts files, and shows the mails that the rules would have sent; exit code 1 when a file cannot be read',
    )
    .argument('[path...]', 'files or folders, each file once; - is standard input')
    .option('--terminated-only', 'leave out a last line without a line end', false)
    .option(
      '--threshold <list>',
      'side by side: the messages with each of these thresholds, such as 1,5,20',
      wholeNumbers,
    )
    .option(
      '--rules-diff <files...>',
      'OLD.yaml NEW.yaml: which messages appear, disappear or change between two configurations over the same files, or without files over the lines of the event log; exit code 0 in any case',
    )
    .action((paths: string[], flags: Flags, command: Command) => {
      const { terminatedOnly, threshold, rulesDiff } = flags;
      const [oldFile, newFile, ...files] = rulesDiff ?? [];
      const replayed = { paths: [...files, ...paths], terminatedOnly };
      checkFlags(flags, replayed.paths);
      return launch(command.optsWithGlobals(), async ({ loaded, loadWith, json, io }) => {
        if (oldFile !== undefined && newFile !== undefined) {
          const { runRulesDiff } = await import('../commands/compare-rules.js');
          return runRulesDiff(loadWith, [oldFile, newFile], { ...replayed, json }, io);
        }
        if (threshold !== undefined) {
          const { runThresholds } = await import('../commands/compare-rules.js');
          return runThresholds(loaded.config, loadWith, threshold, { ...replayed, json }, io);
        }
        const { runReplay } = await import('../commands/replay.js');
        return runReplay(loaded.config, { ...replayed, json }, io);
      });
    });
}

/** @throws USAGE */
function checkFlags({ threshold, rulesDiff }: Flags, paths: readonly string[]): void {
  if (rulesDiff !== undefined && threshold !== undefined) {
    throw new TelltaleError('USAGE', 'replay takes --threshold or --rules-diff, not both');
  }
  if (rulesDiff !== undefined && rulesDiff.length < 2) {
    throw new TelltaleError('USAGE', 'replay --rules-diff needs two configurations: OLD.yaml NEW.yaml');
  }
  if (rulesDiff === undefined && threshold === undefined && paths.length === 0) {
    throw new TelltaleError('USAGE', 'replay needs files: telltale replay FILE…');
  }
}

function wholeNumbers(value: string): number[] {
  const numbers = value.split(',').map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : NaN));
  if (numbers.every(Number.isSafeInteger)) return [...new Set(numbers)];
  throw new InvalidArgumentError('Whole numbers are expected, such as 1,5,20.');
}
