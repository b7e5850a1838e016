import { partsOf } from '../apps/parts';
import { replayFiles, type ReplayedFiles } from '../apps/replayed-lines';
import { replayTopics } from '../apps/retained-lines';
import { warnOfIgnoredSettings } from '../apps/unused-keys';
import { writtenConfig, type Config } from '../config';
import { TelltaleError } from '../errors';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { pluralize } from '../pluralize';
import { JobChain } from '../stream/job-chain';
import { diffMessages, type DecidedMessage, type MessageChange, type MessageDiff } from '../stream/message-diff';

type LoadWith = (changes: { readonly file?: string; readonly set?: readonly string[] }) => Config;

export interface CompareOptions extends ReplayedFiles {
  readonly json: boolean;
}

/**
 * `telltale replay --rules-diff OLD NEW`: the messages that appear, disappear or change over the same files; without files, over the
 * lines that the event log still holds. The files are read as NEW says.
 * @returns the exit code, 0 with differences, too
 * @throws CONFIG when one of the files is wrong; FILE_UNREADABLE and EVENT_LOG_DAMAGED after the result is printed
 */
export async function runRulesDiff(
  loadWith: LoadWith,
  [oldFile, newFile]: readonly [string, string],
  options: CompareOptions,
  io: Io,
): Promise<number> {
  const configs = [loadWith({ file: oldFile }), loadWith({ file: newFile })] as const;
  const { messages, place, refuse } = await messagesOf(configs, configs[1], options, io);
  const diff = diffMessages(messages[0] ?? [], messages[1] ?? []);
  print(options.json ? diffObjects(diff) : diffLines(diff, `${oldFile} → ${newFile}, ${place}`), io);
  refuse();
  return 0;
}

/**
 * `telltale replay --threshold 1,5,20`: the messages with each of these thresholds in all rules that have one, side by side.
 * @throws USAGE when no rule has a threshold; as {@link runRulesDiff}
 */
export async function runThresholds(
  config: Config,
  loadWith: LoadWith,
  thresholds: readonly number[],
  options: CompareOptions,
  io: Io,
): Promise<number> {
  const keys = thresholdKeys(config);
  if (keys.length === 0) {
    throw new TelltaleError('USAGE', '--threshold: no rule of the configuration has a threshold; use --rules-diff.');
  }
  const configs = thresholds.map((threshold) => loadWith({ set: keys.map((key) => `${key}=${threshold}`) }));
  const { messages, refuse } = await messagesOf(configs, config, options, io);
  const columns = thresholds.map((threshold, i) => ({ threshold, messages: messages[i] ?? [] }));
  print(
    options.json
      ? columns.map((column) => JSON.stringify({ type: 'threshold', ...column }))
      : columns.flatMap(({ threshold, messages: all }) => [
          `threshold ${threshold}: ${pluralize(all.length, 'message')}`,
          ...all.map((message) => `  ${lineOf(message)}`),
        ]),
    io,
  );
  refuse();
  return 0;
}

/** Folds the same lines once for each configuration. */
async function messagesOf(
  configs: readonly Config[],
  reading: Config,
  options: CompareOptions,
  io: Io,
): Promise<{ readonly messages: DecidedMessage[][]; readonly place: string; readonly refuse: () => void }> {
  const runs = configs.map((config) => partsOf(config, 'final'));
  const chains = runs.map(({ jobs }) => new JobChain(jobs));
  const { place, refuse } = await foldAll(reading, chains, options, io);
  const messages = runs.map(({ results }, i) => {
    chains[i]?.end();
    return results.flatMap((each) => {
      for (const topic of each.topics) {
        for (const { key, value } of chains[i]?.written(topic) ?? []) each.add({ topic, key, value, isNew: true });
      }
      return each.decided?.() ?? [];
    });
  });
  return { messages, place, refuse };
}

async function foldAll(
  reading: Config,
  chains: readonly JobChain[],
  options: CompareOptions,
  io: Io,
): Promise<{ readonly place: string; readonly refuse: () => void }> {
  if (options.paths.length === 0) {
    const { batches, refuse } = await replayTopics(reading, chains, io);
    return { place: `over ${batches} record ${batches === 1 ? 'batch' : 'batches'} of the event log`, refuse };
  }
  warnOfIgnoredSettings(reading, io);
  const { recognized, refuse } = await replayFiles(reading, options, io, (topic, batch) => {
    for (const chain of chains) chain.fold(topic, batch, 0);
  });
  return { place: `over ${pluralize(recognized.length, 'file')}`, refuse };
}

/** `rules.0.threshold` of each rule that has one. */
function thresholdKeys(config: Config): string[] {
  const written: Readonly<Record<string, unknown>> = { ...writtenConfig(config) };
  const rules: readonly unknown[] = Array.isArray(written['rules']) ? written['rules'] : [];
  return rules.flatMap((rule, i) =>
    typeof rule === 'object' && rule !== null && 'threshold' in rule ? [`rules.${i}.threshold`] : [],
  );
}

function diffObjects({ changes, same }: MessageDiff): string[] {
  return [
    ...changes.map((change) => JSON.stringify({ type: 'message', ...change })),
    JSON.stringify({ type: 'rules-diff', ...countsOf(changes), same }),
  ];
}

function countsOf(changes: readonly MessageChange[]): Record<MessageChange['change'], number> {
  const count = (wanted: MessageChange['change']): number => changes.filter(({ change }) => change === wanted).length;
  return { appears: count('appears'), disappears: count('disappears'), changes: count('changes') };
}

/** Lines that a block ```` ```diff ```` of a pull request colors. */
function diffLines({ changes, same }: MessageDiff, title: string): string[] {
  const { appears, disappears, changes: changed } = countsOf(changes);
  return [
    `# ${title}`,
    ...changes.flatMap(({ old, new: now }) => [
      ...(old === null ? [] : [`- ${lineOf(old)}`]),
      ...(now === null ? [] : [`+ ${lineOf(now)}`]),
    ]),
    `# ${pluralize(appears, 'message')} ${appears === 1 ? 'appears' : 'appear'}, ${disappears} ${disappears === 1 ? 'disappears' : 'disappear'}, ` +
      `${changed} ${changed === 1 ? 'changes' : 'change'}, ${same} ${same === 1 ? 'is' : 'are'} the same`,
  ];
}

function lineOf({ from, subject, receivers }: DecidedMessage): string {
  return `${from.slice(0, 16).replace('T', ' ')} UTC  to ${receivers.join(', ')}: ${subject}`;
}

function print(lines: readonly string[], io: Io): void {
  io.out.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
}
