import { isatty } from 'node:tty';
import type { Command } from 'commander';
import type { Config, LoadedConfig } from '../config';
import type { Io } from '../io';
import type { ListedPipeline } from '../stream/pipeline';
import { explainError } from './explain-error';
import { isHelp } from './usage-error';
import { stopOnSignals } from './stop-on-signals';
import type { LogLevel } from '../log';

/** Options of every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly data?: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Inputs of a command. */
export interface Context {
  readonly loaded: LoadedConfig;
  readonly json: boolean;
  readonly io: Io;
}

/** Imports the list of pipelines, when a command needs it. */
export type PipelineList = () => Promise<readonly ListedPipeline[]>;

/** What the process is made of, besides the commands. */
export interface ProcessParts {
  readonly args: readonly string[];
  readonly pipelines: PipelineList;
  /** Checks whether the names in the configuration exist. @throws CONFIG */
  readonly check: (config: Config) => Promise<void>;
}

/** Runs a command: reads the configuration, opens the log, and passes both on. */
export type Launch = (options: GlobalOptions, run: (context: Context) => Promise<number>) => Promise<void>;

/** Exit code after the second Ctrl-C: 128 + SIGINT, as in a shell. */
const gaveUp = 130;

/**
 * Runs the command that `args` name, and ends the process with its exit code: 0 done, 1 failed, 2 wrong usage or
 * configuration.
 */
export async function runProcess(createProgram: (launch: Launch) => Command, parts: ProcessParts): Promise<void> {
  const { args } = parts;
  const verbose = args.includes('--verbose');
  const fail = (error: unknown): number => {
    const { lines, exitCode } = explainError(error, verbose);
    for (const line of lines) process.stderr.write(`${line}\n`);
    return exitCode;
  };
  process.on('uncaughtException', (error) => process.exit(fail(error)));
  // The reader, such as `head`, closed the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : fail(error)));
  process.stderr.on('error', () => undefined);

  let exitCode = 0;
  const launch: Launch = async (options, run) => {
    exitCode = await withConfig(options, parts, run);
  };
  try {
    await createProgram(launch).parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = isHelp(error) ? (error.exitCode === 0 ? 0 : 2) : fail(error);
  }
  await written();
  process.exit(exitCode);
}

async function withConfig(
  options: GlobalOptions,
  { pipelines, check }: ProcessParts,
  run: Parameters<Launch>[1],
): Promise<number> {
  const [{ loadConfig }, { createLog }, list] = await Promise.all([
    import('../config.js'),
    import('../log.js'),
    pipelines(),
  ]);
  const { config: file, data, json, verbose } = options;
  const set = [...options.set, ...(data === undefined ? [] : [`dataDir=${data}`])];
  const loaded = loadConfig({ pipelines: list, ...(file === undefined ? {} : { file }), set, env: process.env });
  await check(loaded.config);
  const level: LogLevel = verbose ? 'debug' : loaded.config.log.level;
  const log = createLog({ level, json: !isatty(process.stderr.fd) });
  const stop = stopOnSignals(
    process,
    () => performance.now(),
    () => process.exit(gaveUp),
  );
  stop.addEventListener('abort', () => log.info('stopping; press Ctrl-C again to stop at once'));
  return run({ loaded, json, io: { out: process.stdout, terminal: isatty(process.stdout.fd), log, stop } });
}

/** Resolves when all printed and logged text has left the process. */
async function written(): Promise<void> {
  // The log passes a line on one turn later.
  await new Promise((resolve) => setImmediate(resolve));
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((resolve) => stream.write('', resolve));
  }
}
