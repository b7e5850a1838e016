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

/** A bucket that keeps versions loses nothing of what was replaced between two looks. */

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

/** Uploads contents one after the other; nobody looks in between. */
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

describe('a versioned object', () => {
  it('that was rotated between two looks loses no line', async () => {
    const running = place.start();
    await put(text(l0, l1));
    await running.reconcile();
    await put(text(l0, l1, l2), text(l3));
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1, l2]), ...published(1, [l3])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });

  it('that was rotated twice between two looks loses no line', async () => {
    const running = place.start();
    await put(text(l0));
    await running.reconcile();
    await put(text(l0, l1), text(l2), text(l2, l3), text(l4), text(l4, l5));
    running.hint(KEY);
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

  it('that was never looked at before is read from its oldest version on', async () => {
    await put(text(l0), text(l0, l1), text(l2));
    await place.start().settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l2])]);
  });

  it('that is what it was before is a generation of its own', async () => {
    const running = place.start();
    await put(text(l0, l1));
    await running.reconcile();
    await put(text(l2, l3), text(l0, l1));
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l2, l3]),
      ...published(2, [l0, l1], 0, ' {AGAIN}'),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 2, possibleGap: 0 } });
  });

  it('that was put again as it was moves on without a line', async () => {
    const watch = watched(place.store);
    const running = place.start({ store: watch.store });
    await put(text(l0, l1));
    await running.reconcile();
    watch.reset();
    await put(text(l0, l1));
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    const newest = await place.store.head(BUCKET, KEY);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      identity: { versionId: newest?.versionId, whole: true },
    });
    expect(watch.bytes).toBe(0);
  });

  it('that was put again as it was may hide others: a reconciliation finds them by LastModified', async () => {
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

  it('whose version that was read last is gone notes a possible gap, and goes on with those that came later', async () => {
    const running = place.start();
    await putAt(place, UPLOADED, KEY, text(l0, l1));
    await running.reconcile();
    await putAt(place, UPLOADED + 60_000, KEY, text(l2));
    await putAt(place, UPLOADED + 120_000, KEY, text(l3));
    await putAt(place, UPLOADED + 180_000, KEY, text(l4));
    expire(2);
    running.hint(KEY);
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

  it('is read first from the oldest version that is not older than since', async () => {
    await putAt(place, UPLOADED, KEY, text(l0));
    await putAt(place, UPLOADED + 60_000, KEY, text(l1));
    await putAt(place, UPLOADED + 120_000, KEY, text(l1, l2));
    await putAt(place, UPLOADED + 180_000, KEY, text(l3));
    await place.start({ since: { ms: UPLOADED + 60_000 } }).settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l1, l2]), ...published(1, [l3])]);
  });

  it('of which only the versions from now on count goes on behind what was there', async () => {
    await putAt(place, UPLOADED, KEY, text(l0));
    await putAt(place, UPLOADED + 60_000, KEY, text(l0, l1));
    const clock = { ...systemClock, now: () => UPLOADED + 120_000 };
    const running = place.start({ since: 'now', clock });
    await running.settle();
    await putAt(place, UPLOADED + 180_000, KEY, text(l0, l1, l2));
    await putAt(place, UPLOADED + 240_000, KEY, text(l3));
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l2], text(l0, l1).length), ...published(1, [l3])]);
  });

  it.each([
    ['is there', 0],
    ['is there no more', 2],
  ])('goes on behind what was listed at the first start, if that version %s', async (_, expired) => {
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

  it('that was put and deleted between two looks is still read', async () => {
    const running = place.start();
    await put(text(l0), text(l0, l1));
    remove(place, KEY);
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect((await checkpointOf(place.log, KEY)).ended).not.toBeNull();
  });

  it('that was put and deleted while the version before it is read is still read', async () => {
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
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect((await checkpointOf(place.log, KEY)).ended).not.toBeNull();
  });

  it('that was put once more and deleted is read to its end when nobody says so', async () => {
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

  it('that was deleted and created again goes on, or is a new generation', async () => {
    const running = place.start();
    await put(text(l0));
    await running.reconcile();
    remove(place, KEY);
    await running.reconcile();
    await put(text(l0, l1));
    remove(place, KEY);
    await put(text(l2));
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l2])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1, possibleGap: 0 },
      ended: null,
    });
  });

  it('is walked on where the walk was killed', async () => {
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

  it('is looked at again when a version is gone, though those before it are committed by then', async () => {
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

  it('of which a version cannot be read goes on behind it, and that is told once', async () => {
    const running = place.start();
    await put(text(l0));
    await place.put(KEY, Buffer.from(`\ufeff${text(l0, l1)}`, 'utf16le'));
    await put(text(l0, l1));
    for (let look = 0; look < 3; look++) {
      running.hint(KEY);
      await running.settle();
    }
    expect(await quarantineOf(place.log)).toEqual([expect.objectContaining({ source: SOURCE, reason: 'utf-16' })]);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      quarantine: null,
    });
  });

  it('waits at a version that may not be read, and loses none behind it', async () => {
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
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
    expect(await quarantineOf(place.log)).toEqual([expect.objectContaining({ versionId: denied, reason: 'denied' })]);
    denied = undefined;
    running.hint(KEY);
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

/** Where records stand that say that lines before them may be missing. */
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
        running.hint(KEY);
        await running.settle();
      }
    }

    it('that was rewritten is noted, and told of by the first record behind it', async () => {
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
      ['by all that there ever was of a generation', [text(l0), held, text(l1)], ['1:0', '2:0']],
      ['not by what was held before', [text(l0) + held, text(l1)], ['1:0']],
      ['behind a byte order mark', [text(l0), `\ufeff${text(l1)}`], ['1:3']],
      ['only when a record comes', [text(l0), '', text(l1)], ['1:0']],
    ])('is told of %s', async (_, contents, told) => {
      await look(...contents);
      expect(await gapsIn(plain.log)).toEqual(told);
    });

    it('is told of by what was held when the object is deleted', async () => {
      await look(text(l0), held);
      expect(await checkpointOf(plain.log, KEY)).toMatchObject({ position: { possibleGap: 1, pendingGap: 0 } });
      remove(plain, KEY);
      running.hint(KEY);
      await running.settle();
      expect(await gapsIn(plain.log)).toEqual(['1:0']);
      expect(await checkpointOf(plain.log, KEY)).toMatchObject({ position: { possibleGap: 1, pendingGap: null } });
    });

    it.each([0, 1, 2, 3])('is told of once, whatever a kill after %d commits leaves undone', async (commits) => {
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

    it.each(['mark', 'count'] as const)('is none where a new generation was asked for (%s)', async (reingest) => {
      await look(text(l0, l1));
      tell(running.producer.ref, { type: 'objectArrived', signal: { v: 1, bucket: BUCKET, key: KEY, reingest } });
      await running.settle();
      expect(await checkpointOf(plain.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
      expect(await gapsIn(plain.log)).toEqual([]);
    });
  });

  it('is none where every version was read', async () => {
    const running = place.start();
    await put(text(l0, l1));
    await running.reconcile();
    await put(text(l2), held, text(l3));
    running.hint(KEY);
    await running.settle();
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 3, possibleGap: 0 } });
    expect(await gapsIn(place.log)).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ['what goes on from it', text(l0, l1, l3), [`0:${text(l0).length}`]],
    ['what replaced it', text(l3), ['1:0']],
  ])('behind a line that was held is told of by %s', async (_, content, told) => {
    const running = place.start();
    await putAt(place, UPLOADED, KEY, text(l0) + l1);
    await running.reconcile();
    await putAt(place, UPLOADED + 60_000, KEY, text(l2));
    await putAt(place, UPLOADED + 120_000, KEY, content);
    expire(2);
    running.hint(KEY);
    await running.settle();
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { possibleGap: 1, pendingGap: null } });
    expect(await gapsIn(place.log)).toEqual(told);
  });
});

describe('a versioned object that nobody may look at at first', () => {
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

  it('is read from its oldest version on when they may', async () => {
    await putAt(place, UPLOADED + 120_000, KEY, text(l1, l2));
    running.hint(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l1, l2])]);
    const found = inParts({ generation: 1, quarantine: null, ended: null, possibleGap: 0 });
    expect(await checkpointOf(place.log, KEY)).toMatchObject(found);
  });

  it('is read before it ends, if it was deleted meanwhile', async () => {
    remove(place, KEY);
    running.hint(KEY);
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

it('a versioned object that was forgotten after its deletion is new when it is put again: all that is kept is read', async () => {
  const running = place.start();
  await putAt(place, UPLOADED, KEY, text(l0, l1));
  await running.reconcile();
  remove(place, KEY);
  await running.reconcile();
  place.advance(place.options.retentionMs + HOUR);
  await running.reconcile();
  // What the publisher was told to forget is forgotten when it has answered a reader after that.
  running.hint('web-9/none.log');
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
