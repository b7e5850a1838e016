import { topicsOf } from '../../../src/apps/topics';
import { loadConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';
import type { EventLog } from '../../../src/ports/event-log';
import { BUCKET, HOUR, info, openPlace, type Place } from '../../actors/producing';
import { published, text } from '../../actors/observing';
import { KAFKA_START_MS, openKafka, runKafka, type RunningKafka } from '../../support/kafka';
import { tempFolders } from '../../support/temp-folder';
import { readLines } from '../../support/topics';

const folders = tempFolders();
const EVENTS = 'web-1/events.log';
const APP = 'web-1/app.log';

describe('topic of a source on Kafka', () => {
  let kafka: RunningKafka;
  let log: EventLog;
  let place: Place;
  beforeAll(async () => {
    kafka = await runKafka({ version: '3.9.1' });
    log = await openKafka(kafka.brokers);
    await log.ensureTopics([
      ...topicsOf(loadConfig({ pipelines, env: {} }).config),
      { name: 'events', partitions: 10, cleanup: 'delete', retentionMs: 24 * HOUR },
    ]);
    place = await openPlace(folders.make());
  }, KAFKA_START_MS);
  afterAll(async () => {
    await place.close();
    await log.close();
    await kafka.stop();
  }, KAFKA_START_MS);

  it('gets its lines, once each, when the producer is killed and the configuration changes', async () => {
    const lineTopics = ['logs', 'events'];
    const topicOf = (key: string): string => (key === EVENTS ? 'events' : 'logs');
    const first = place.start({ log, lineTopics, topicOf });
    await first.upload(EVENTS, text(info(0), info(1)));
    await first.upload(APP, text(info(2)));
    await first.kill();

    const second = place.start({ log, lineTopics, topicOf: () => 'logs' });
    await second.upload(EVENTS, text(info(0), info(1), info(3)));
    await second.upload('web-2/events.log', text(info(4)));
    expect(await readLines(log, 'events')).toEqual({
      [`${BUCKET}/${EVENTS}`]: published(0, [info(0), info(1), info(3)]),
    });
    expect(await readLines(log)).toEqual({
      [`${BUCKET}/${APP}`]: published(0, [info(2)]),
      [`${BUCKET}/web-2/events.log`]: published(0, [info(4)]),
    });
  }, 120_000);
});
