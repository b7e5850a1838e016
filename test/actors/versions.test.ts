import { inParts } from '../support/ingestion/checkpoints';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TelltaleError } from '../../src/errors';
import { tell } from '../../src/kit';
import { systemClock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';
import { tempFolders } from '../support/temp-folder';
import { readRecords } from '../support/topics';
import { changedStore, withCommitFaults } from './decorators';
import { allTurns } from './kit/harness';
import {
  checkpointOf,
  checkpointsOf,
  linesOf,
  published,
  putAt,
  quarantineOf,
  remove,
  text,
  watched,
} from './observing';
import { BUCKET, HOUR, inBatchesOf, info, openPlace, UPLOADED, type Place, type Running } from './producing';
import { turnsUntil } from './turns';

/** With versions, content that was replaced between two checks is not lost. */

const KEY = 'web-1/app.log';
const SOURCE = `${BUCKET}/${KEY}`;
const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make(), true);
});
afterEach(() => place.close());

const lines = Array.from({ length: 8 }, (_, i) => info(i));
const [l0 = '', l1 = '', l2 = '', l3 = '', l4 = '', l5 = ''] = lines;

/** Uploads contents one after the other; none is checked in between. */
async function put(...contents: string[]): Promise<void> {
  for (const content of contents) await place.put(KEY, content);
}

/** Removes the oldest versions of the object, as a lifecycle rule does. */
function expire(count: number): void {
  const bucket = join(place.folder, 'store/versions', BUCKET);
  const [folder = ''] = readdirSync(bucket, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath }) => parentPath);
  const names = readdirSync(folder).sort((a, b) => Number(a) - Number(b));
  for (const name of names.slice(0, count)) rmSync(join(folder, name));
}

describe('the reader of a versioned object', () => {
  it('loses no line when the object is rotated between two checks', async () => {
    const running = place.start();
    await put(text(l0, l1));
    await running.reconcile();
    await put(text(l0, l1, l2), text(l3));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1, l2]), ...published(1, [l3])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });

  it('loses no line when the object is rotated twice between two checks', async () => {
    const running = place.start();
    await put(text(l0));
    await running.reconcile();
    await put(text(l0, l1), text(l2), text(l2, l3), text(l4), text(l4, l5));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l2, l3]),
      ...published(2, [l4, l5]),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 2, possibleGap: 0 },
      identity: { proof: 'proven' },
    });
  });

  it('reads all versions, oldest first, when the object was never checked before', async () => {
    await put(text(l0), text(l0, l1), text(l2));
    await place.start().settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l2])]);
  });

  it('starts a new generation when a version restores earlier content', async () => {
    const running = place.start();
    await put(text(l0, l1));
    await running.reconcile();
    await put(text(l2, l3), text(l0, l1));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l2, l3]),
      ...published(2, [l0, l1], 0, ' {AGAIN}'),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 2, possibleGap: 0 } });
  });

  it('publishes no line when the same content is put again', async () => {
    const watch = watched(place.store);
    const running = place.start({ store: watch.store });
    await put(text(l0, l1));
    await running.reconcile();
    watch.reset();
    await put(text(l0, l1));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    const newest = await place.store.head(BUCKET, KEY);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      identity: { versionId: newest?.versionId, whole: true },
    });
    expect(watch.bytes).toBe(0);
  });

  it('finds versions between two equal ones by LastModified when it reconciles', async () => {
    const running = place.start();
    await putAt(place, UPLOADED, KEY, text(l0, l1));
    await running.reconcile();
    await putAt(place, UPLOADED + 60_000, KEY, text(l2, l3));
    await putAt(place, UPLOADED + 120_000, KEY, text(l0, l1));
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l2, l3]),
      ...published(2, [l0, l1], 0, ' {AGAIN}'),
    ]);
  });

  it('notes a possible gap and reads the later versions when the version read last is gone', async () => {
    const running = place.start();
    await putAt(place, UPLOADED, KEY, text(l0, l1));
    await running.reconcile();
    await putAt(place, UPLOADED + 60_000, KEY, text(l2));
    await putAt(place, UPLOADED + 120_000, KEY, text(l3));
    await putAt(place, UPLOADED + 180_000, KEY, text(l4));
    expire(2);
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l3]),
      ...published(2, [l4]),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 2, possibleGap: 1, pendingGap: null },
    });
    expect(await gapsIn(place.log)).toEqual(['1:0']);
  });

  it('starts at the oldest version that is not older than since', async () => {
    await putAt(place, UPLOADED, KEY, text(l0));
    await putAt(place, UPLOADED + 60_000, KEY, text(l1));
    await putAt(place, UPLOADED + 120_000, KEY, text(l1, l2));
    await putAt(place, UPLOADED + 180_000, KEY, text(l3));
    await place.start({ since: { ms: UPLOADED + 60_000 } }).settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l1, l2]), ...published(1, [l3])]);
  });

  it('continues after the existing content when only versions from now on count', async () => {
    await putAt(place, UPLOADED, KEY, text(l0));
    await putAt(place, UPLOADED + 60_000, KEY, text(l0, l1));
    const clock = { ...systemClock, now: () => UPLOADED + 120_000 };
    const running = place.start({ since: 'now', clock });
    await running.settle();
    await putAt(place, UPLOADED + 180_000, KEY, text(l0, l1, l2));
    await putAt(place, UPLOADED + 240_000, KEY, text(l3));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l2], text(l0, l1).length), ...published(1, [l3])]);
  });

  it.each([
    ['is kept', 0],
    ['is gone', 2],
  ])('continues after the content listed at the first start when that version %s', async (_, expired) => {
    await putAt(place, UPLOADED - 60_000, KEY, text(l4, l5));
    await putAt(place, UPLOADED, KEY, text(l0));
    let puts = [text(l0, l1), text(l2)];
    const store = changedStore(place.store, {
      list: async function* (bucket, range) {
        yield* place.store.list(bucket, range);
        // Our own clock is ahead of that of the store.
        for (const [i, content] of puts.entries()) await putAt(place, UPLOADED + (i + 1) * 1_000, KEY, content);
        puts = [];
        expire(expired);
      },
    });
    const clock = { ...systemClock, now: () => UPLOADED + 60_000 };
    await place.start({ since: 'now', clock, store }).settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l1], text(l0).length), ...published(1, [l2])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });

  it('reads an object that was put and deleted between two checks', async () => {
    const running = place.start();
    await put(text(l0), text(l0, l1));
    remove(place, KEY);
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect((await checkpointOf(place.log, KEY)).ended).not.toBeNull();
  });

  it('reads a version that was put and deleted while the one before it is read', async () => {
    await put(text(l0));
    remove(place, KEY);
    let isFirst = true;
    const store = changedStore(place.store, {
      read: async (...what) => {
        const chunks = await place.store.read(...what);
        if (isFirst) {
          isFirst = false;
          await put(text(l0, l1));
          remove(place, KEY);
        }
        return chunks;
      },
    });
    const running = place.start({ store });
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect((await checkpointOf(place.log, KEY)).ended).not.toBeNull();
  });

  it('reads versions written before an unannounced deletion', async () => {
    const running = place.start();
    await put(text(l0));
    await running.reconcile();
    await put(text(l0, l1) + l2.slice(0, 30));
    remove(place, KEY);
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      `0:${text(l0, l1).length} ${l2.slice(0, 30)} {CUT_TAIL}`,
    ]);
    const {
      ended,
      position: { possibleGap },
    } = await checkpointOf(place.log, KEY);
    expect(ended).not.toBeNull();
    expect(possibleGap).toBe(0);
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toHaveLength(3);
  });

  it('continues, or starts a new generation, when a deleted object is created again', async () => {
    const running = place.start();
    await put(text(l0));
    await running.reconcile();
    remove(place, KEY);
    await running.reconcile();
    await put(text(l0, l1));
    remove(place, KEY);
    await put(text(l2));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l2])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1, possibleGap: 0 },
      ended: null,
    });
  });

  it('continues with the next version after a kill between versions', async () => {
    const many = [0, 1, 2, 3].map((version) => lines.map((_, i) => info(10 * version + i)));
    await put(...many.map((own) => text(...own)));
    // Time passes in leaps, so that every step is committed by itself; from the third commit on nothing is.
    let now = UPLOADED;
    const clock = { ...systemClock, now: () => (now += 1_000) };
    let commits = 0;
    let kill: () => void = () => undefined;
    const killed = new Promise<void>((resolve) => (kill = resolve));
    const log = withCommitFaults(place.log, () => {
      if (++commits <= 3) return null;
      kill();
      return 'answer lost, did not happen';
    });
    const first = place.start({ log, clock });
    await killed;
    await first.kill();
    const before = await linesOf(place.log, KEY);
    expect(before?.length).toBeLessThan(32);
    await place.start().settle();
    expect(before?.length).toBeGreaterThan(0);
    expect(await linesOf(place.log, KEY)).toEqual(many.flatMap((own, generation) => published(generation, own)));
  });

  it('loses no version when a generation is asked for', async () => {
    const running = place.start();
    await put(text(l0));
    await running.reconcile();
    await put(text(l0, l1), text(l2), text(l3));
    const signal = { v: 1, bucket: BUCKET, key: KEY, reingest: 'mark' } as const;
    tell(running.producer.ref, { type: 'objectArrived', signal });
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l2]),
      ...published(2, [l3]),
      ...published(3, [l3], 0, ' {AGAIN}'),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 3, possibleGap: 0 } });
  });

  it('checks the object again when a version is gone after those before it were committed', async () => {
    await put(text(l0), text(l2, l3));
    let gone = 0;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        const newest = await place.store.head(bucket, key);
        if (gone === 0 && newest?.versionId === range.versionId) {
          gone += 1;
          await turnsUntil(() => committed);
          await allTurns();
          throw new TelltaleError('OBJECT_NOT_FOUND', 'There is no such version.');
        }
        return place.store.read(bucket, key, range);
      },
    });
    let committed = false;
    const log = withCommitFaults(place.log, () => {
      committed = true;
      return null;
    });
    const running = place.start({ store, log });
    await running.settle();
    expect(gone).toBe(1);
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l2, l3])]);
  });

  it('reads the versions after one that it cannot read, and reports that one once', async () => {
    const running = place.start();
    await put(text(l0));
    await place.put(KEY, Buffer.from(`\ufeff${text(l0, l1)}`, 'utf16le'));
    await put(text(l0, l1));
    for (let look = 0; look < 3; look++) {
      running.signal(KEY);
      await running.settle();
    }
    expect(await quarantineOf(place.log)).toEqual([expect.objectContaining({ source: SOURCE, reason: 'utf-16' })]);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      quarantine: null,
    });
  });

  it('waits at a denied version, and loses none after it', async () => {
    let denied: string | undefined;
    const store = changedStore(place.store, {
      read: (bucket, key, range) => {
        if (range.versionId === denied) throw new TelltaleError('OBJECT_STORE_DENIED', 'Access denied.');
        return place.store.read(bucket, key, range);
      },
    });
    const running = place.start({ store });
    await put(text(l0));
    await running.reconcile();
    await put(text(l1));
    denied = (await place.store.head(BUCKET, KEY))?.versionId;
    await put(text(l2));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
    expect(await quarantineOf(place.log)).toEqual([expect.objectContaining({ versionId: denied, reason: 'denied' })]);
    denied = undefined;
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0]),
      ...published(1, [l1]),
      ...published(2, [l2]),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 2, possibleGap: 0 },
      quarantine: null,
    });
  });
});

/** Positions of the records that report a possible gap before them. */
async function gapsIn(log: EventLog): Promise<string[]> {
  const all = (await readRecords(log, 'logs')).map(({ headers }) => new Map(headers));
  const marked = all.filter((headers) => headers.has('gap'));
  expect(marked.every((headers) => String(headers.get('gap')) === 'possible')).toBe(true);
  return marked.map((headers) => String(headers.get('at')));
}

describe('a possible gap', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => info(60 + i));
  const held = l5.slice(0, 30);

  describe('in an object without versions', () => {
    let plain: Place;
    let running: Running;
    beforeEach(async () => {
      plain = await openPlace(folders.make());
      running = plain.start();
    });
    afterEach(() => plain.close());

    /** Uploads contents one after the other; each is read. */
    async function look(...contents: string[]): Promise<void> {
      for (const content of contents) {
        await plain.put(KEY, content);
        running.signal(KEY);
        await running.settle();
      }
    }

    it('is noted when the object is rewritten, and reported by the first record after it', async () => {
      await look(text(l0, l1));
      await plain.put(KEY, text(l2));
      await look(text(l3), text(l3, l4));
      expect(await linesOf(plain.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l3, l4])]);
      const noted = inParts({ generation: 1, versionId: null, possibleGap: 1, pendingGap: null });
      expect(await checkpointOf(plain.log, KEY)).toMatchObject(noted);
      expect(await gapsIn(plain.log)).toEqual(['1:0']);
    });

    it.each<[string, string[], string[]]>([
      ['once for each', [text(l0), text(l1, l2), text(l3), text(l3, l4)], ['1:0', '2:0']],
      ['by a repeated line', [text(l0, l1), text(l0)], ['1:0']],
      ['by a line that was held at first', [text(l0), held, `${held}\n`], ['1:0']],
      ['by the only line of a generation', [text(l0), held, text(l1)], ['1:0', '2:0']],
      ['not by a line held before it', [text(l0) + held, text(l1)], ['1:0']],
      ['after a byte order mark', [text(l0), `\ufeff${text(l1)}`], ['1:3']],
      ['only when a record comes', [text(l0), '', text(l1)], ['1:0']],
    ])('is reported %s', async (_, contents, told) => {
      await look(...contents);
      expect(await gapsIn(plain.log)).toEqual(told);
    });

    it('is reported by the held line when the object is deleted', async () => {
      await look(text(l0), held);
      expect(await checkpointOf(plain.log, KEY)).toMatchObject({ position: { possibleGap: 1, pendingGap: 0 } });
      remove(plain, KEY);
      running.signal(KEY);
      await running.settle();
      expect(await gapsIn(plain.log)).toEqual(['1:0']);
      expect(await checkpointOf(plain.log, KEY)).toMatchObject({ position: { possibleGap: 1, pendingGap: null } });
    });

    it.each([0, 1, 2, 3])('is reported once after a kill that follows %d commits', async (commits) => {
      await look(text(l0) + held);
      await running.kill();
      await plain.put(KEY, text(...many));
      let now = UPLOADED;
      let left = commits;
      const stuck = new Promise<void>((resolve) => {
        running = plain.start({
          ...inBatchesOf(20_000, plain.options),
          // Every step is committed by itself.
          clock: { ...systemClock, now: () => (now += 1_000) },
          log: withCommitFaults(plain.log, () => {
            if (left-- > 0) return null;
            resolve();
            return 'answer lost, did not happen';
          }),
        });
      });
      await stuck;
      await running.kill();
      expect(await gapsIn(plain.log)).toEqual(commits < 2 ? [] : ['1:0']);
      await plain.start().settle();
      expect((await linesOf(plain.log, KEY))?.slice(2)).toEqual(published(1, many));
      expect(await gapsIn(plain.log)).toEqual(['1:0']);
    });

    it.each(['mark', 'count'] as const)('does not exist when a new generation is requested (%s)', async (reingest) => {
      await look(text(l0, l1));
      tell(running.producer.ref, { type: 'objectArrived', signal: { v: 1, bucket: BUCKET, key: KEY, reingest } });
      await running.settle();
      expect(await checkpointOf(plain.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
      expect(await gapsIn(plain.log)).toEqual([]);
    });
  });

  it('does not exist when every version was read', async () => {
    const running = place.start();
    await put(text(l0, l1));
    await running.reconcile();
    await put(text(l2), held, text(l3));
    running.signal(KEY);
    await running.settle();
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 3, possibleGap: 0 } });
    expect(await gapsIn(place.log)).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ['an append', text(l0, l1, l3), [`0:${text(l0).length}`]],
    ['a rewrite', text(l3), ['1:0']],
  ])('after a held line is reported by %s', async (_, content, told) => {
    const running = place.start();
    await putAt(place, UPLOADED, KEY, text(l0) + l1);
    await running.reconcile();
    await putAt(place, UPLOADED + 60_000, KEY, text(l2));
    await putAt(place, UPLOADED + 120_000, KEY, content);
    expire(2);
    running.signal(KEY);
    await running.settle();
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { possibleGap: 1, pendingGap: null } });
    expect(await gapsIn(place.log)).toEqual(told);
  });
});

describe('a versioned object that is denied at first', () => {
  let isDenied: boolean;
  let running: Running;
  beforeEach(async () => {
    isDenied = true;
    const store = changedStore(place.store, {
      head: async (bucket, key, versionId) => {
        if (isDenied) throw new TelltaleError('OBJECT_STORE_DENIED', 'Access denied.');
        return place.store.head(bucket, key, versionId);
      },
    });
    running = place.start({ store });
    await putAt(place, UPLOADED, KEY, text(l0));
    await putAt(place, UPLOADED + 60_000, KEY, text(l1));
    await running.reconcile();
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { size: 0 },
      quarantine: { reason: 'denied' },
    });
    isDenied = false;
  });

  it('is read from its oldest version on when it is allowed again', async () => {
    await putAt(place, UPLOADED + 120_000, KEY, text(l1, l2));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l1, l2])]);
    const found = inParts({ generation: 1, quarantine: null, ended: null, possibleGap: 0 });
    expect(await checkpointOf(place.log, KEY)).toMatchObject(found);
  });

  it('is read before its source ends when it was deleted meanwhile', async () => {
    remove(place, KEY);
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l1])]);
    const {
      ended,
      position: { possibleGap },
    } = await checkpointOf(place.log, KEY);
    expect(ended).not.toBeNull();
    expect(possibleGap).toBe(0);
  });
});

it('reads all kept versions again when a removed source is put again', async () => {
  const running = place.start();
  await putAt(place, UPLOADED, KEY, text(l0, l1));
  await running.reconcile();
  remove(place, KEY);
  await running.reconcile();
  place.advance(place.options.retentionMs + HOUR);
  await running.reconcile();
  // The publisher has removed the checkpoint when it answers a later reader.
  running.signal('web-9/none.log');
  await running.settle();
  expect((await checkpointsOf(place.log, KEY)).at(-1)).toBeNull();
  await putAt(place, UPLOADED + 60_000, KEY, text(l2));
  await running.reconcile();
  expect(await linesOf(place.log, KEY)).toEqual([
    ...published(0, [l0, l1]),
    ...published(0, [l0, l1]),
    ...published(1, [l2]),
  ]);
});
