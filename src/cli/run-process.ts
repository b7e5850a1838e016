import { isatty } from 'node:tty';
import type { Command } from 'commander';
import type { Config, LoadedConfig } from '../config';
import type { Io } from '../io';
import type { ListedPipeline } from '../stream/pipeline';
import { faultAndRemedy } from '../errno';
import { isTelltaleError, TelltaleError } from '../errors';
import { explainError } from './explain-error';
import { endProcess } from './end-process';
import { isHelp } from './usage-error';
import { Shutdown } from '../shutdown';
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
  /** The configuration with another file, or with values that win over all others. @throws CONFIG */
  readonly loadWith: (changes: { readonly file?: string; readonly set?: readonly string[] }) => Config;
  readonly json: boolean;
  readonly io: Io;
}

/** Imports the list of pipelines, when a command needs it. */
export type PipelineList = () => Promise<readonly ListedPipeline[]>;

/** The parts of the process, besides the commands. */
export interface ProcessParts {
  readonly args: readonly string[];
  readonly pipelines: PipelineList;
  /** Checks whether the names in the configuration exist. @throws CONFIG */
  readonly check: (config: Config) => Promise<void>;
}

/** Runs a command: reads the configuration, opens the log, and passes both on. */
export type Launch = (
  options: GlobalOptions,
  run: (context: Context) => Promise<number>,
  /** `exitCode`: the exit code is the result, also when the reader of the output has gone. By default `output`. */
  result?: 'output' | 'exitCode',
) => Promise<void>;

/** Exit code after the second Ctrl-C: 128 + SIGINT, as in a shell. */
const gaveUp = 130;

/** Exit code when the reader, such as `head`, has closed the pipe: 128 + SIGPIPE, as shells report it for other tools. */
const readerGone = 141;

/**
 * Runs the command that `args` name, and ends the process with its exit code: 0 done, 1 failed, 2 wrong usage or
 * configuration, 141 when the reader of its output has gone before its end.
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
  const output = watchOutput();
  process.stderr.on('error', () => undefined);
  // Without a listener, any process of this user can make Node listen for a debugger.
  process.on('SIGUSR1', () => undefined);

  let exitCode = 0;
  const launch: Launch = async (options, run, result = 'output') => {
    output.result = result;
    exitCode = await withConfig(options, parts, run, output.gone.signal);
  };
  try {
    await createProgram(launch).parseAsync(args, { from: 'user' });
  } catch (error) {
    const stopped = output.fault !== null && isTelltaleError(error, 'STOPPED');
    if (!stopped) exitCode = isHelp(error) ? (error.exitCode === 0 ? 0 : 2) : fail(error);
  }
  await written();
  await endProcess(output.fault === null ? exitCode : exitCodeOf(output, exitCode, fail));
}

interface Output {
  /** The first error of standard output. */
  fault: NodeJS.ErrnoException | null;
  /** Aborted when the command should end because its output is lost. */
  readonly gone: AbortController;
  result: 'output' | 'exitCode';
}

function watchOutput(): Output {
  const output: Output = { fault: null, gone: new AbortController(), result: 'output' };
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    output.fault ??= error;
    if (!isResultKept(output)) output.gone.abort();
  });
  return output;
}

function isResultKept({ fault, result }: Output): boolean {
  return fault?.code === 'EPIPE' && result === 'exitCode';
}

function exitCodeOf(output: Output, exitCode: number, fail: (error: unknown) => number): number {
  if (output.fault?.code === 'EPIPE') return exitCode === 0 && !isResultKept(output) ? readerGone : exitCode;
  const remedy = faultAndRemedy(output.fault, 'check where it goes');
  return fail(new TelltaleError('OUTPUT', `Cannot write to standard output${remedy}`, { cause: output.fault }));
}

async function withConfig(
  options: GlobalOptions,
  { pipelines, check }: ProcessParts,
  run: Parameters<Launch>[1],
  outputGone: AbortSignal,
): Promise<number> {
  const [{ loadConfig }, { createLog }, list] = await Promise.all([
    import('../config.js'),
    import('../log.js'),
    pipelines(),
  ]);
  const { config: file, data, json, verbose } = options;
  const set = [...options.set, ...(data === undefined ? [] : [`dataDir=${data}`])];
  const sources = { pipelines: list, ...(file === undefined ? {} : { file }), set, env: process.env };
  const loaded = loadConfig(sources);
  const loadWith: Context['loadWith'] = ({ set: more = [], ...other }) =>
    loadConfig({ ...sources, ...other, set: [...set, ...more] }).config;
  await check(loaded.config);
  const level: LogLevel = verbose ? 'debug' : loaded.config.log.level;
  const log = createLog({ level, json: !isatty(process.stderr.fd) });
  const stop = stopOnSignals(
    process,
    () => performance.now(),
    () => void endProcess(gaveUp),
  );
  stop.addEventListener('abort', () => log.info('stopping; press Ctrl-C again to stop at once'));
  const io = {
    out: process.stdout,
    terminal: isatty(process.stdout.fd),
    log,
    stop: AbortSignal.any([stop, outputGone]),
    shutdown: new Shutdown(loaded.config.shutdownTimeout),
  };
  return Promise.race([run({ loaded, loadWith, json, io }), outOfTime(io)]);
}

/**
 * Any command ends within `shutdownTimeout` after the stop.
 * @returns the exit code
 */
function outOfTime({ stop, shutdown, log }: Io): Promise<number> {
  return new Promise((resolve) => {
    const onStop = (): void => {
      shutdown.begin();
      setTimeout(() => {
        const left = shutdown.left.length === 0 ? ['the command is not done'] : shutdown.left;
        log.warn(`stopped at shutdownTimeout; left for the next start: ${left.join('; ')}`, { left });
        resolve(1);
      }, shutdown.remainingMs);
    };
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });
  });
}

/** How long the end waits for a reader that has stopped reading. */
const FLUSH_MS = 2_000;

/** Resolves when all printed and logged text has left the process. */
async function written(): Promise<void> {
  // The log passes a line on one turn later.
  await new Promise((resolve) => setImmediate(resolve));
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.destroyed) continue;
    const flushed = new Promise((resolve) => stream.write('', resolve));
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
  }
}
