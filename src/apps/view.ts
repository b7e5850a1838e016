import type { Mailbox } from '../adapters/embedded/mailbox';
import type { Config } from '../config';
import type { CounterRegistry } from '../counters';
import { decodeRecognition } from '../ingestion/checkpoint-record';
import type { Io } from '../io';
import type { EventLog } from '../ports/event-log';
import type { SeenRecord, View } from '../stream/view';
import { answerTo } from '../web/answers';
import { FilesNotUnderstood } from '../web/files-not-understood';
import { startWeb } from '../web/server';
import type { DamagedPlace } from '../stream/continue-from';
import type { HealthMonitor } from './health-monitor';
import { follow, type Follow } from './follow';
import { partsOf } from './parts';
import { topicsOf } from './topics';
import { webAccess } from './web-access';

export interface RunningWeb {
  readonly url: string;
  readonly views: readonly View[];
  close(): Promise<void>;
}

/** The topics of the pages that belong to no pipeline. */
export const pageTopics = ['checkpoints'] as const;

/** Starts the pages, and keeps the views that they show up to date. */
export async function launchWeb(
  config: Config,
  log: EventLog,
  parts: { readonly mailbox: Mailbox; readonly counters: CounterRegistry; readonly health: HealthMonitor },
  io: Io,
): Promise<RunningWeb> {
  const { mailbox, counters, health } = parts;
  const { views } = partsOf(config);
  const files = new FilesNotUnderstood();
  const { host, port, allowedHosts } = config.web;
  const source = {
    sections: (...shown: Parameters<View['sections']>) => [
      files.section(),
      ...views.flatMap((view) => view.sections(...shown)),
    ],
    metrics: () => [...views.flatMap((view) => view.metrics()), ...files.metrics(), ...counters.samples()],
    mails: async (from: number, most: number) => ({
      total: await mailbox.count(),
      mails: await mailbox.list(from, most),
    }),
    mail: (name: string) => mailbox.read(name),
    problems: () => health.notReady(),
    deaths: () => health.notAlive(),
  };
  const web = await startWeb({
    ...{ host, port, section: 'web', log: io.log, allowedHosts },
    access: webAccess(config.web, io),
    answer: (path, query) => answerTo(path, source, query),
  });
  const stop = new AbortController();
  const onUnreadable = (place: DamagedPlace): void =>
    io.log.warn('the status page lacks records: the event log is damaged', { ...place });
  const followed = (topics: readonly string[], add: (record: SeenRecord) => void): Promise<void> =>
    followTopics(topics, add, config, log, { until: stop.signal, onUnreadable });
  for (const view of views) {
    followed(view.topics, (record) => view.add(record)).catch((error: unknown) =>
      io.log.warn('the status page is no longer up to date', { error }),
    );
  }
  followed(pageTopics, ({ key, value }) => files.put(key.toString('utf8'), decodeRecognition(key, value))).catch(
    (error: unknown) => {
      io.log.warn('the status page cannot tell which files are not understood', { error });
      files.fail(error instanceof Error ? error.message : String(error));
    },
  );
  return {
    url: web.url,
    views,
    close: async () => {
      stop.abort();
      await web.close();
    },
  };
}

/** @throws EVENT_LOG_DENIED when the right to read a topic is missing; other errors of the event log */
async function followTopics(
  topics: readonly string[],
  add: (record: SeenRecord) => void,
  config: Config,
  log: EventLog,
  how: Pick<Follow, 'until' | 'onUnreadable'>,
): Promise<void> {
  const following = topicsOf(config)
    .filter(({ name }) => topics.includes(name))
    .flatMap(({ name: topic, partitions }) =>
      Array.from({ length: partitions }, async (_, partition) => {
        const { end } = await log.offsets(topic, partition);
        await follow(log, { topic, partition, from: 0, ...how }, (records) => {
          for (const { key, value, offset } of records) {
            if (key !== null) add({ topic, key, value, isNew: offset >= end });
          }
        });
      }),
    );
  await Promise.all(following);
}
