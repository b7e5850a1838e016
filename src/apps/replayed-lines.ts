import { readLogInputs, scanInput } from './log-inputs';
import type { RecognizedSource } from './recognition-report';
import { refuseUnreadable } from './unreadable';
import type { Config } from '../config';
import { createTopicOf } from '../ingestion/line-topics';
import { splitSourceId } from '../ingestion/source-id';
import type { Io } from '../io';
import type { LineBatch } from '../lines/line-batch';
import { endedRecognition, initialRecognition } from '../lines/recognition';

export interface ReplayedFiles {
  /** Files, folders, or `-` for standard input. */
  readonly paths: readonly string[];
  /** Leave out a last line without terminator, as a live run that still holds it does. */
  readonly terminatedOnly: boolean;
}

interface Read {
  /** The size of the content, by topic of lines. */
  readonly bytes: ReadonlyMap<string, number>;
  readonly recognized: readonly RecognizedSource[];
  /** @throws FILE_UNREADABLE when some files could not be read; called after the results are printed */
  readonly refuse: () => void;
}

/** Passes on the lines of files, with their topic. @throws as `readLogInputs` */
export async function replayFiles(
  config: Config,
  { paths, terminatedOnly }: ReplayedFiles,
  io: Io,
  onLines: (topic: string, batch: LineBatch) => void,
): Promise<Read> {
  const topicOf = createTopicOf(config.ingest.sources);
  const bytes = new Map<string, number>();
  const recognized: RecognizedSource[] = [];
  const leftOut = await readLogInputs(config, paths, io, async (input) => {
    const topic = topicOf(splitSourceId(input.source).key);
    let recognition = initialRecognition;
    const read = await scanInput(input, { config, terminatedOnly, log: io.log }, ({ batch, reading }) => {
      onLines(topic, batch);
      ({ recognition } = reading);
    });
    recognized.push({ name: input.name, recognition: endedRecognition(recognition) });
    bytes.set(topic, (bytes.get(topic) ?? 0) + read);
  });
  return { bytes, recognized, refuse: () => refuseUnreadable(leftOut) };
}
