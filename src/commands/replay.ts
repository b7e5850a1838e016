import { partsOf } from '../apps/parts';
import { recognitionLines, recognitionObjects } from '../apps/recognition-report';
import { replayFiles, type ReplayedFiles } from '../apps/replayed-lines';
import { warnOfIgnoredSettings } from '../apps/unused-keys';
import type { Config } from '../config';
import { decisions } from '../decisions';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { JobChain } from '../stream/job-chain';

export interface ReplayOptions extends ReplayedFiles {
  readonly json: boolean;
}

/**
 * `telltale replay`: folds files through the same jobs as the running system, without any event log: prints the
 * results of every pipeline. The exit code does not depend on how well the lines are understood: that of
 * `telltale check` does.
 * @throws FILE_UNREADABLE after the results are printed, when some files could not be read
 */
export async function runReplay(config: Config, options: ReplayOptions, io: Io): Promise<number> {
  const { jobs, results } = partsOf(config, 'final');
  const chain = new JobChain(jobs);
  warnOfIgnoredSettings(config, io);
  // Any fixed time of ingestion works: nothing ages while files are replayed.
  const { bytes, recognized, refuse } = await replayFiles(config, options, io, (topic, batch) =>
    chain.fold(topic, batch, 0),
  );
  chain.end();
  for (const { rule, glob } of chain.unmatched) io.log.warn(decisions.ruleWithoutHosts.event, { rule, glob });
  for (const each of results) {
    for (const topic of each.topics) {
      for (const { key, value } of chain.written(topic)) each.add({ topic, key, value, isNew: true });
    }
  }
  const lines = results.flatMap((each) => each.lines(options.json, bytes));
  const printed = options.json
    ? [...recognitionObjects(recognized), ...lines]
    : [...lines, ...recognitionLines(recognized)];
  io.out.write(printed.map((line) => `${escapeControls(line)}\n`).join(''));
  refuse();
  return 0;
}
