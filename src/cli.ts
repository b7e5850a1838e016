#!/usr/bin/env node
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Arrival } from './commands/signal';
import type { Config } from './config';
import { TelltaleError } from './errors';
import { projectVersion } from './project-version';
import { addReceiverCommands } from './cli/receiver-commands';
import { runProcess, type GlobalOptions, type Launch, type PipelineList } from './cli/run-process';
import { addAlertCommands } from './cli/alert-commands';
import { addReplayCommand } from './cli/replay-commands';
import { addDoctorCommands } from './cli/doctor-commands';
import { isHelp, usageError } from './cli/usage-error';

interface LocalFlags {
  readonly port?: number;
  readonly kafka?: string;
  readonly once: boolean;
  readonly send: boolean;
}

/**
 * The commands and options of `telltale`. A command imports its code when it is called, so that the program starts
 * quickly.
 */
function createProgram(launch: Launch): Command {
  const program = new Command('telltale')
    .description('Watches log files: counts their lines per window, and mails when errors pass a threshold.')
    .option('--config <file>', 'YAML file over conf/default.yaml')
    .addOption(
      new Option('--set <key.path=value>', 'one value of the configuration; may be repeated')
        .argParser(append)
        .default([]),
    )
    .option('--data <dir>', 'data folder of the programs (dataDir); local --once keeps its data and mails there')
    .option('--json', 'results as JSON, one object per line', false)
    .option('--verbose', 'log everything, and show errors with their details', false)
    .addHelpText('after', '\ntelltale --version prints the version.')
    .configureHelp({ showGlobalOptions: true, optionDescription: (option) => option.description })
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(false);

  program
    .command('local')
    .description('the whole system in one process; Ctrl-C drains')
    .argument('[file...]', 'with --once: files or folders to read')
    .option('--port <n>', 'port of the status page (web.port); 0: any free one', wholeNumber(65_535))
    .addOption(
      new Option('--kafka <brokers>', 'host:port,… of a Kafka as event log (eventLog.kafka.brokers)').conflicts('once'),
    )
    .option(
      '--once',
      'reads the files, closes every window, delivers every mail, and exits; 1 when a file cannot be read or a mail is refused',
      false,
    )
    .option('--send', 'with --once: sends to the configured receivers; without it all mails go to a folder', false)
    .action(async (files: readonly string[], options: LocalFlags, command: Command) => {
      if (options.send && !options.once)
        throw new TelltaleError('USAGE', '--send goes with --once: local always sends');
      if (options.once && files.length === 0) {
        throw new TelltaleError('USAGE', 'local --once needs files: telltale local --once [--data DIR] FILE…');
      }
      if (!options.once && files.length > 0) {
        throw new TelltaleError('USAGE', `local accepts files only with --once, found ${files.join(' ')}`);
      }
      const globals = command.optsWithGlobals<GlobalOptions>();
      const set = [...globals.set, ...settingsOf(options)];
      await launch({ ...globals, set }, async ({ loaded, json, io }) => {
        const { runLocal } = await import('./apps/local.js');
        return runLocal(
          loaded.config,
          { once: options.once ? files : null, keepData: globals.data !== undefined, json, send: options.send },
          io,
        );
      });
    });

  program
    .command('watch')
    .description('follows log files where they are, through rotation, and runs the whole system in one process')
    .argument('<path...>', 'files, folders and globs (quoted)')
    .option('--host <name>', 'name of the host in keys and mails; the name of this machine when not given')
    .option('--port <n>', 'port of the status page (web.port); 0: any free one', wholeNumber(65_535))
    .option('--kafka <brokers>', 'host:port,… of a Kafka as event log (eventLog.kafka.brokers)')
    .option('--once', 'reads the lines that are there, and exits; the next start continues', false)
    .action(async (paths: readonly string[], options: LocalFlags & { readonly host?: string }, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const set = [...globals.set, ...settingsOf(options), 'generator.hosts=0'];
      await launch({ ...globals, set }, async ({ loaded, io }) => {
        const { runWatch } = await import('./apps/watch.js');
        return runWatch(loaded.config, { paths, host: options.host ?? hostname() }, options.once, io);
      });
    });

  program
    .command('producer')
    .description('reads new lines of the log files in the object store into the event log; Ctrl-C drains')
    .action((_: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, io }) => {
        const { runProducer } = await import('./apps/producer.js');
        return runProducer(loaded.config, io);
      }),
    );

  program
    .command('consumer')
    .description('counts lines in windows, decides on alerts and mails them; Ctrl-C drains')
    .action((_: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, io }) => {
        const { runConsumer } = await import('./apps/consumer.js');
        return runConsumer(loaded.config, io);
      }),
    );

  program
    .command('generator')
    .description('writes log files of some hosts, and uploads them to the object store')
    .action((_: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, io }) => {
        const { runGenerator } = await import('./apps/generator.js');
        return runGenerator(loaded.config, io);
      }),
    );

  program
    .command('signal')
    .description('tells the running producer that an object has arrived; exit code 1 when none runs')
    .option('--bucket <name>', 'bucket of the object')
    .option('--key <key>', 'key of the object, decoded')
    .option('--version <id>', 'version of the object')
    .option('--sequencer <hex>', "the event's sequencer")
    .addOption(
      new Option(
        '--payload <base64url>',
        'instead of the others: all of them, as the Lambda function encodes them',
      ).conflicts(['bucket', 'key', 'version', 'sequencer']),
    )
    .action((options: SignalOptions, command: Command) => {
      const arrival = arrivalOf(options);
      return launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { runSignal } = await import('./commands/signal.js');
        return runSignal(loaded.config, { arrival, json }, io);
      });
    });

  addReplayCommand(program, launch);

  program
    .command('check')
    .description(
      'shows in which formats the lines of files are read, and proposes one for lines that are not understood; exit ' +
        'code 1 where more than 20 % of a file are not, or a file cannot be read',
    )
    .argument('<path...>', 'files or folders, each file once; - is standard input')
    .action((paths: string[], _: object, command: Command) =>
      launch(
        command.optsWithGlobals(),
        async ({ loaded, json, io }) => {
          const { runCheck } = await import('./commands/check.js');
          return runCheck(loaded.config, { paths, json }, io);
        },
        'exitCode',
      ),
    );

  program
    .command('cat')
    .description('prints the committed records of a topic')
    .argument('[topic]', 'without one: prints the names of all topics')
    .option('--partition <n>', 'only this partition', wholeNumber())
    .option('--from <offset>', 'from this offset on; 0 when not given', wholeNumber(), 0)
    .option('--follow', 'continue with records written later', false)
    .action(
      (topic: string | undefined, options: { partition?: number; from: number; follow: boolean }, command: Command) =>
        launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
          const { printTopics, runCat } = await import('./commands/cat.js');
          if (topic === undefined) return printTopics(loaded.config, { json }, io);
          const { partition = null, from, follow } = options;
          return runCat(loaded.config, { topic, partition, from, follow, json }, io);
        }),
    );

  program
    .command('audit')
    .description(
      'proves for each source that no line is lost and none is there twice; exit code 1 when that fails, or a named ' +
        'source is not read. A source in quarantine is listed, and does not fail',
    )
    .argument('[source...]', 'only these: a key, bucket/key or s3://bucket/key')
    .action((sources: string[], _: object, command: Command) =>
      launch(
        command.optsWithGlobals(),
        async ({ loaded, json, io }) => {
          const { runAudit } = await import('./commands/audit.js');
          return runAudit(loaded.config, { sources, json }, io);
        },
        'exitCode',
      ),
    );

  program
    .command('reingest')
    .description('has the running producer read a source from its beginning, as a new generation')
    .argument('<source>', 'a key, bucket/key or s3://bucket/key')
    .option('--recount', 'count lines again that were counted before', false)
    .action((source: string, options: { recount: boolean }, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { runReingest } = await import('./commands/reingest.js');
        return runReingest(loaded.config, { source, count: options.recount, json }, io);
      }),
    );

  program
    .command('reset')
    .description('lets a job of the consumer start over: deletes its state, and the results that it computes again')
    .argument('[job]', 'without one: prints the names of all jobs, and deletes nothing')
    .option('--lose-results', 'delete also results whose input is gone: they cannot be computed again', false)
    .action((job: string | undefined, { loseResults }: { loseResults: boolean }, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { printJobs, runReset } = await import('./commands/reset.js');
        if (job === undefined) return printJobs(loaded.config, { json }, io);
        return runReset(loaded.config, { job, loseResults, json }, io);
      }),
    );

  program
    .command('repair')
    .description(
      'replaces a damaged embedded event log: keeps the outbox, and has the next start read all objects again',
    )
    .action((_: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { runRepair } = await import('./commands/repair.js');
        return runRepair(loaded.config, { json }, io);
      }),
    );

  program
    .command('backup')
    .description('copies the embedded event log into a new file, also while programs run')
    .argument('<target>', 'the file to make')
    .action((target: string, _: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { runBackup } = await import('./commands/backup.js');
        return runBackup(loaded.config, { target, json }, io);
      }),
    );

  program
    .command('config')
    .description('checks the configuration, and prints the effective values and where each comes from')
    .action((_: object, command: Command) =>
      launch(command.optsWithGlobals(), async ({ loaded, json, io }) => {
        const { runConfig } = await import('./commands/config.js');
        return runConfig(loaded, { json }, io);
      }),
    );

  addReceiverCommands(program, launch);
  addAlertCommands(program, launch);
  addDoctorCommands(program, launch);

  const nested = program.commands.flatMap(({ commands }) => commands);
  for (const command of [program, ...program.commands, ...nested]) {
    command.exitOverride((error) => {
      throw isHelp(error) ? error : usageError(error, command);
    });
  }
  return program;
}

function settingsOf({ port, kafka }: LocalFlags): readonly string[] {
  return [
    ...(port === undefined ? [] : [`web.port=${port}`]),
    ...(kafka === undefined ? [] : ['eventLog.kind=kafka', `eventLog.kafka.brokers=${kafka}`]),
  ];
}

interface SignalOptions {
  readonly bucket?: string;
  readonly key?: string;
  readonly version?: string;
  readonly sequencer?: string;
  readonly payload?: string;
}

function arrivalOf({ bucket, key, version, sequencer, payload }: SignalOptions): Arrival {
  if (payload !== undefined) return { payload };
  if (bucket === undefined || key === undefined) {
    throw new TelltaleError('USAGE', 'signal needs --bucket and --key, or --payload');
  }
  return {
    bucket,
    key,
    ...(version === undefined ? {} : { versionId: version }),
    ...(sequencer === undefined ? {} : { sequencer }),
  };
}

function append(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function wholeNumber(max = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (number <= max) return number;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER ? 'A whole number is expected.' : `A whole number from 0 to ${max} is expected.`,
    );
  };
}

async function listed(): Promise<Awaited<ReturnType<PipelineList>>> {
  return (await import('./pipelines/index.js')).pipelines;
}

async function check(config: Config): Promise<void> {
  const { checkConfig } = await import('./apps/check-config.js');
  checkConfig(config);
}

/**
 * Runs the command that `args` name, and ends the process.
 * @param args the arguments after `telltale` on the command line
 */
export function main(args: readonly string[], pipelines: PipelineList = listed): Promise<void> {
  // Not an option of the program: commander would confuse it with the --version of `signal`.
  if (args.length === 1 && args[0] === '--version') {
    process.stdout.write(`telltale ${projectVersion()}\n`);
    return Promise.resolve();
  }
  return runProcess(createProgram, { args, pipelines, check });
}

if (require.main === module) void main(process.argv.slice(2));
