import { crc32c, loadCrc64Nvme } from '../../src/adapters/native/checksums';
import { audit } from '../../src/apps/audit';
import { partitionOf } from '../../src/ingestion/origin';
import { encodeRecords } from '../../src/records/record-batch';
import type { TopicOf } from '../../src/ingestion/line-topics';
import { tempFolders } from '../support/temp-folder';
import { readLines, readRecords } from '../support/topics';
import { checkpointOf, published, text } from './observing';
import { BUCKET, HOUR, info, openPlace, type Place } from './producing';

const folders = tempFolders();
const lineTopics = ['logs', 'events'];
const EVENTS = 'web-1/events.log';
const APP = 'web-1/app.log';
const topicOf: TopicOf = (key) => (key === EVENTS ? 'events' : 'logs');
const [l0, l1, l2] = [info(0), info(1), info(2)];

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
  await place.log.ensureTopics([{ name: 'events', partitions: 10, cleanup: 'delete', retentionMs: 24 * HOUR }]);
});
afterEach(() => place.close());

async function linesOf(topic: string, key: string): Promise<string[] | undefined> {
  return (await readLines(place.log, topic))[`${BUCKET}/${key}`];
}

/** `source` where the audit holds, else what it reports. */
async function audited(): Promise<string[]> {
  const { log, store, clock, partitions, concurrency } = place.options;
  const found: string[] = [];
  for await (const { source, ok, problem } of audit({
    ...{ log, store, clock, partitions, lineTopics, concurrency },
    ...{ crc64: await loadCrc64Nvme(), bucket: BUCKET, prefix: '', includes: () => true, sinceMs: -Infinity },
    ...{
      retentionMs: HOUR,
      only: null,
      otherTopics: [],
      onUnreadable: () => undefined,
      onProgress: () => undefined,
      stop: new AbortController().signal,
    },
  })) {
    found.push(ok ? source : `${source}: ${problem ?? '?'}`);
  }
  return found.sort();
}

describe('topic of a source', () => {
  it('gets the lines of its keys, and no other topic does', async () => {
    const running = place.start({ topicOf, lineTopics });
    await running.upload(EVENTS, text(l0));
    await running.upload(APP, text(l1));
    expect(await linesOf('events', EVENTS)).toEqual(published(0, [l0]));
    expect(await linesOf('logs', APP)).toEqual(published(0, [l1]));
    expect(await linesOf('logs', EVENTS)).toBeUndefined();
    expect(await linesOf('events', APP)).toBeUndefined();
  });

  it('stays the same when the configuration changes after the first read', async () => {
    await place.start({ topicOf, lineTopics }).upload(EVENTS, text(l0));
    const changed = place.start({ topicOf: () => 'logs', lineTopics });
    await changed.upload(EVENTS, text(l0, l1), text(l2));
    await changed.upload('web-2/events.log', text(l2));
    expect(await linesOf('events', EVENTS)).toEqual([...published(0, [l0, l1]), ...published(1, [l2])]);
    expect(await linesOf('logs', 'web-2/events.log')).toEqual(published(0, [l2]));
    expect(await checkpointOf(place.log, EVENTS)).toMatchObject({ topic: 'events', position: { generation: 1 } });
  });

  it('blocks its source alone when no pipeline reads it any more, until one does again', async () => {
    await place.start({ topicOf, lineTopics }).upload(EVENTS, text(l0));
    const without = place.start();
    await without.upload(EVENTS, text(l0, l1));
    await without.upload(APP, text(l2));
    expect(await without.producer.awaitIdle(10_000)).toEqual([
      { key: EVENTS, reason: expect.stringContaining('which no pipeline reads any more') as string },
    ]);
    expect(await linesOf('logs', APP)).toEqual(published(0, [l2]));
    expect(await linesOf('events', EVENTS)).toEqual(published(0, [l0]));
    const again = place.start({ topicOf, lineTopics });
    await again.reconcile();
    expect(await linesOf('events', EVENTS)).toEqual(published(0, [l0, l1]));
  });

  it('is proven by the audit, which finds lines that are in another topic', async () => {
    const running = place.start({ topicOf, lineTopics });
    await running.upload(EVENTS, text(l0));
    await running.upload(APP, text(l1));
    const [app, events] = [`${BUCKET}/${APP}`, `${BUCKET}/${EVENTS}`];
    expect(await audited()).toEqual([app, events]);
    const [record] = await readRecords(place.log, 'events');
    if (record === undefined) throw new Error('there is one');
    const writer = await place.log.openWriter({ id: 'other', reads: [], writes: ['logs'] });
    const transaction = writer.begin();
    await transaction.append('logs', partitionOf('web-1', 10), encodeRecords([record], crc32c));
    await transaction.commit();
    await writer.close();
    expect(await audited()).toEqual([
      app,
      `${events}: the line at 0:0 is in the topic logs, the source's lines go to events`,
    ]);
  });
});
