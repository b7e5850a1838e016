import type { Mailbox } from '../adapters/embedded/mailbox';
import type { Config } from '../config';
import type { CounterRegistry } from '../counters';
import type { Io } from '../io';
import type { EventLog } from '../ports/event-log';
import type { View } from '../stream/view';
import { answerTo } from '../web/answers';
import { startWeb } from '../web/server';
import type { DamagedPlace } from '../stream/continue-from';
import type { HealthMonitor } from './health-monitor';
import { follow, type Follow } from './follow';
import { partsOf } from './parts';
import { topicsOf } from './topics';

export interface RunningWeb {
  readonly url: string;
  readonly views: readonly View[];
  close(): Promise<void>;
}

/** Starts the pages, and keeps the views that they show up to date. */
export async function launchWeb(
  config: Config,
  log: EventLog,
  parts: { readonly mailbox: Mailbox; readonly counters: CounterRegistry; readonly health: HealthMonitor },
  io: Io,
): Promise<RunningWeb> {
  const { mailbox, counters, health } = parts;
  const { views } = partsOf(config);
  const { host, port } = config.web;
  const source = {
    sections: (...shown: Parameters<View['sections']>) => views.flatMap((view) => view.sections(...shown)),
    metrics: () => [...views.flatMap((view) => view.metrics()), ...counters.samples()],
    mails: () => mailbox.list(),
    mail: (name: string) => mailbox.read(name),
    problems: () => health.notReady(),
    deaths: () => health.notAlive(),
  };
  const web = await startWeb({
    ...{ host, port, section: 'web', log: io.log },
    answer: (path, query) => answerTo(path, source, query),
  });
  const stop = new AbortController();
  const failed = (error: unknown): void => io.log.warn('the status page is no longer up to date', { error });
  const onUnreadable = (place: DamagedPlace): void =>
    io.log.warn('the status page lacks records: the event log is damaged', { ...place });
  for (const view of views) followTopics(view, config, log, { until: stop.signal, onUnreadable }).catch(failed);
  return {
    url: web.url,
    views,
    close: async () => {
      stop.abort();
      await web.close();
    },
  };
}

async function followTopics(
  view: View,
  config: Config,
  log: EventLog,
  how: Pick<Follow, 'until' | 'onUnreadable'>,
): Promise<void> {
  const following = topicsOf(config)
    .filter(({ name }) => view.topics.includes(name))
    .flatMap(({ name: topic, partitions }) =>
      Array.from({ length: partitions }, async (_, partition) => {
        const { end } = await log.offsets(topic, partition);
        await follow(log, { topic, partition, from: 0, ...how }, (records) => {
          for (const { key, value, offset } of records) {
            if (key !== null) view.add({ topic, key, value, isNew: offset >= end });
          }
        });
      }),
    );
  await Promise.all(following);
}
