import { readLogInputs, scanInput } from '../apps/log-inputs';
import { partsOf } from '../apps/parts';
import { recognitionLines, recognitionObjects, type RecognizedSource } from '../apps/recognition-report';
import { refuseUnreadable } from '../apps/unreadable';
import { warnOfIgnoredSettings } from '../apps/unused-keys';
import type { Config } from '../config';
import { escapeControls } from '../escape-controls';
import { createTopicOf } from '../ingestion/line-topics';
import { splitSourceId } from '../ingestion/source-id';
import type { Io } from '../io';
import { endedRecognition, initialRecognition } from '../lines/recognition';
import { JobChain } from '../stream/job-chain';

export interface ReplayOptions {
  /** Files, folders, or `-` for standard input. */
  readonly paths: readonly string[];
  readonly json: boolean;
  /** Leave out a last line without terminator, as a live run that still holds it does. */
  readonly terminatedOnly: boolean;
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
  const topicOf = createTopicOf(config.ingest.sources);
  const bytes = new Map<string, number>();
  const recognized: RecognizedSource[] = [];
  warnOfIgnoredSettings(config, io);
  const leftOut = await readLogInputs(config, options.paths, io, async (input) => {
    const topic = topicOf(splitSourceId(input.source).key);
    // Any fixed time of ingestion works: nothing ages while files are replayed.
    let recognition = initialRecognition;
    const read = await scanInput(
      input,
      { config, terminatedOnly: options.terminatedOnly, log: io.log },
      ({ batch, reading }) => {
        chain.fold(topic, batch, 0);
        ({ recognition } = reading);
      },
    );
    recognized.push({ name: input.name, recognition: endedRecognition(recognition) });
    bytes.set(topic, (bytes.get(topic) ?? 0) + read);
  });
  chain.end();
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
  refuseUnreadable(leftOut);
  return 0;
}
