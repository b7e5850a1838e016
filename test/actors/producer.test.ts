import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { TelltaleError } from '../../src/errors';
import type { ObjectStore } from '../../src/ports/object-store';
import { readLines } from '../support/topics';
import { tempFolders } from '../support/temp-folder';
import { changedStore, withCommitFaults, withStalledCommits } from './decorators';
import { allTurns, gate } from './kit/harness';
import { clockAt, linesOf, published, text } from './observing';
import { BUCKET, inBatchesOf, info, openPlace, UPLOADED, type Place } from './producing';

const KEY = 'web-1/app.log';
const SOURCE = `${BUCKET}/${KEY}`;
const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

const lines = Array.from({ length: 8 }, (_, i) => info(i));
/** More than a store yields in one piece. */
const many = Array.from({ length: 6_000 }, (_, i) => info(i, `${i} ${'x'.repeat(150)}`));
const [l0 = '', l1 = '', l2 = '', l3 = ''] = lines;

describe('producer', () => {
  it('publishes appended lines once when they are announced often and late', async () => {
    const running = place.start();
    await place.put(KEY, text(l0, l1));
    running.signal(KEY);
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0, l1]) });

    await place.put(KEY, text(l0, l1, l2, l3));
    for (let i = 0; i < 5; i++) running.signal(KEY);
    await running.settle();
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0, l1, l2, l3]) });
  });

  it('reads objects that no signal named when it starts and when it lists the bucket', async () => {
    await place.put('web-1/before.log', text(l0));
    const running = place.start();
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-1/before.log`]: published(0, [l0]) });

    await place.put('web-2/after.log', text(l1));
    await place.put('web-1/before.log', text(l0, l2));
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({
      [`${BUCKET}/web-1/before.log`]: published(0, [l0, l2]),
      [`${BUCKET}/web-2/after.log`]: published(0, [l1]),
    });
  });

  it('writes nothing when nothing is new, or when a signal names no object', async () => {
    const running = place.start();
    await place.put(KEY, text(l0));
    await running.reconcile();
    const ends = async (): Promise<number[]> =>
      Promise.all(
        ['logs', 'checkpoints'].flatMap((topic) =>
          Array.from({ length: 10 }, async (_, partition) => (await place.log.offsets(topic, partition)).end),
        ),
      );
    const before = await ends();
    running.signal(KEY);
    running.signal('web-1/missing.log');
    running.signal('../../etc/passwd');
    await running.reconcile();
    expect(await ends()).toEqual(before);
  });

  it('reads only included keys', async () => {
    const running = place.start({ includes: (key) => key.endsWith('.log') });
    await place.put(KEY, text(l0));
    await place.put('web-1/app.log.1', text(l1));
    running.signal('web-1/app.log.1');
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0]) });
  });

  it('ignores objects modified before `since`, named by a signal or not', async () => {
    await place.put('logs/h/a.log', 'old\n');
    const running = place.start({ since: { ms: UPLOADED + 1 } });
    running.signal('logs/h/a.log');
    await running.settle();
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({});
  });

  it('publishes nothing when the same bytes are put again', async () => {
    const running = place.start();
    await place.put(KEY, text(l0, l1));
    await running.reconcile();
    await place.put(KEY, text(l0, l1));
    running.signal(KEY);
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0, l1]) });
  });

  it('starts a generation, publishes the held tail and marks repeated lines when an object was rewritten', async () => {
    const running = place.start();
    await place.put(KEY, `${text(l0, l1, l2)}half a li`);
    await running.reconcile();
    await place.put(KEY, text(l1, l2, l3, info(4, 'and longer than before')));
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: [
        ...published(0, [l0, l1, l2]),
        `0:${text(l0, l1, l2).length} half a li {CUT_TAIL}`,
        ...published(1, [l1, l2], 0, ' {AGAIN}'),
        ...published(1, [l3, info(4, 'and longer than before')], text(l1, l2).length),
      ],
    });
  });

  it('starts a generation when an object became shorter', async () => {
    const running = place.start();
    await place.put(KEY, text(l0, l1, l2));
    await running.reconcile();
    await place.put(KEY, text(l3));
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: [...published(0, [l0, l1, l2]), ...published(1, [l3])],
    });
  });

  it('holds an unterminated last line until an upload terminates it, through restarts', async () => {
    let running = place.start();
    await place.put(KEY, text(l0) + l1.slice(0, 30));
    await running.settle();
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0]) });
    await running.producer.drain(10_000);

    running = place.start();
    await place.put(KEY, text(l0) + l1.slice(0, 40));
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0]) });
    await running.kill();

    await place.put(KEY, text(l0, l1, l2));
    running = place.start();
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0, l1, l2]) });
  });

  it('publishes an unterminated last line at once when told to, and later bytes as its rest', async () => {
    let running = place.start({ forceFlushAfterMs: 0 });
    await place.put(KEY, text(l0) + l1);
    await running.reconcile();
    await running.producer.drain(10_000);
    running = place.start();
    await place.put(KEY, text(l0, `${l1} and more`, l2));
    await running.reconcile();
    const torn = text(l0).length;
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: [
        ...published(0, [l0]),
        `0:${torn} ${l1} {CUT_TAIL}`,
        `0:${torn + l1.length}  and more {CUT_REST}`,
        `0:${torn + l1.length + 10} ${l2}`,
      ],
    });
  });

  it('continues at the last commit after it was drained during a read', async () => {
    await place.put(KEY, text(...many));
    const reading = gate();
    const running = place.start({ store: behindFirstChunk(reading.open) });
    await reading.opened;
    await running.producer.drain(10_000);
    await place.start().settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
  });

  it('does not restart when its drain fails', async () => {
    await place.put(KEY, text(...many));
    const reading = gate();
    const closed = gate();
    const stalled = gate();
    const store = behindFirstChunk(reading.open);
    async function* closing(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      try {
        yield* chunks;
      } finally {
        closed.open();
      }
    }
    const running = place.start({
      log: withCommitFaults(withStalledCommits(place.log, stalled.opened), () => 'aborted'),
      store: changedStore(store, {
        read: async (bucket, key, range) => closing(await store.read(bucket, key, range)),
      }),
      ...inBatchesOf(20_000, place.options),
      credit: 100,
      // Time stands still: no transaction grows old enough for a commit before the drain.
      clock: clockAt(UPLOADED),
    });
    await reading.opened;
    const drained = running.producer.drain(10_000);
    await closed.opened;
    await allTurns();
    // All readers have stopped, and the publisher must commit its open transaction.
    stalled.open();
    await expect(drained).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(running.seen.crashes.at(-1)).toMatchObject({ path: running.producer.ref.path, restartInMs: null });
  });
});

/** The store; after the first chunk of the first read, something happens once. */
function behindFirstChunk(happens: () => void | Promise<void>): ObjectStore {
  let hasHappened = false;
  async function* interrupted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      if (hasHappened) continue;
      hasHappened = true;
      await happens();
    }
  }
  return changedStore(place.store, {
    read: async (bucket, key, range) => interrupted(await place.store.read(bucket, key, range)),
  });
}

describe('producer, when an object changes during a read', () => {
  it('checks it again when it was overwritten between HEAD and GET', async () => {
    let overwrites = 3;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        if (overwrites > 0) await place.put(key, text(...lines.slice(0, 8 - --overwrites)));
        return place.store.read(bucket, key, range);
      },
    });
    await place.put(KEY, text(l0));
    await place.start({ store }).settle();
    expect(overwrites).toBe(0);
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, lines) });
  });

  it('checks it again when it was overwritten after some lines were published', async () => {
    let isChanged = false;
    const store = behindFirstChunk(async () => {
      isChanged = true;
      await place.put(KEY, text(...many, l0));
      throw new TelltaleError('OBJECT_CHANGED', 'The object was overwritten.');
    });
    await place.put(KEY, text(...many));
    await place.start({ store }).settle();
    expect(isChanged).toBe(true);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [...many, l0]));
  });

  it('checks it again when a signal comes while it is read', async () => {
    let signals = 1;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => changedBehind(await place.store.read(bucket, key, range)),
    });
    async function* changedBehind(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      yield* chunks;
      if (signals-- <= 0) return;
      await place.put(KEY, text(l0, l1));
      running.signal(KEY);
    }
    await place.put(KEY, text(l0));
    const running = place.start({ store });
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0, l1]) });
  });

  it('retries it later when it keeps changing, and reads other sources', async () => {
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        if (key === KEY) throw new TelltaleError('OBJECT_CHANGED', 'The object was overwritten.');
        return place.store.read(bucket, key, range);
      },
    });
    await place.put(KEY, text(l0));
    await place.put('web-2/app.log', text(l1));
    const running = place.start({ store, concurrency: 1 });
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-2/app.log`]: published(0, [l1]) });
  });
});

describe('producer, when the object store fails', () => {
  it('reads other sources, and the failed one at the next listing', async () => {
    let failures = 2;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        if (key === KEY && failures-- > 0) throw new TelltaleError('OBJECT_STORE', 'The store does not answer.');
        return place.store.read(bucket, key, range);
      },
    });
    await place.put(KEY, text(l0));
    await place.put('web-2/app.log', text(l1));
    const running = place.start({ store, concurrency: 1 });
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-2/app.log`]: published(0, [l1]) });
    expect(running.seen.log).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/^reading failed/) as string }),
    );
    place.advance(5_000);
    await running.reconcile();
    place.advance(10_000);
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: published(0, [l0]),
      [`${BUCKET}/web-2/app.log`]: published(0, [l1]),
    });
  });

  it('continues at the last commit when a read fails in the middle', async () => {
    let hasFailed = false;
    const store = behindFirstChunk(() => {
      hasFailed = true;
      throw new TelltaleError('OBJECT_STORE', 'The connection broke.');
    });
    await place.put(KEY, text(...many));
    const running = place.start({ store });
    await running.settle();
    place.advance(5_000);
    await running.reconcile();
    expect(hasFailed).toBe(true);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
  });

  it('continues a listing where it was interrupted', async () => {
    const asked: unknown[] = [];
    const keys = Array.from({ length: 1_500 }, (_, i) => `web-1/${1_000 + i}.log`);
    const listed = (key: string) => ({
      key,
      size: 0,
      etag: '"d41d8cd98f00b204e9800998ecf8427e"',
      lastModified: UPLOADED,
    });
    const store = changedStore(place.store, {
      // eslint-disable-next-line @typescript-eslint/require-await -- a made-up listing
      list: async function* (_, range = {}) {
        asked.push(range.after);
        const rest = keys.filter((key) => key > (range.after ?? ''));
        yield* rest.slice(0, 1_200).map(listed);
        if (rest.length > 1_200) throw new TelltaleError('OBJECT_STORE', 'The connection broke.');
      },
      head: (_, key) => Promise.resolve(listed(key)),
    });
    await place.start({ store }).settle();
    expect(asked).toEqual([undefined, keys[1_199]]);
  });

  it('completes a listing that is interrupted often, as long as it gets further', async () => {
    for (let i = 0; i < 7; i++) await place.put(`web-1/${i}.log`, text(l0));
    const store = changedStore(place.store, {
      list: async function* (bucket, range) {
        for await (const object of place.store.list(bucket, range)) {
          yield object;
          throw new TelltaleError('OBJECT_STORE', 'The connection broke.');
        }
      },
    });
    expect(await place.start({ store }).producer.awaitIdle(20_000)).toEqual([]);
    expect(Object.keys(await readLines(place.log))).toHaveLength(7);
  });

  it('lists the bucket at the next time when a listing fails', async () => {
    let isDown = true;
    const store = changedStore(place.store, {
      list: (bucket, range) => {
        if (isDown) throw new TelltaleError('OBJECT_STORE', 'The store does not answer.');
        return place.store.list(bucket, range);
      },
    });
    await place.put(KEY, text(l0));
    const running = place.start({ store });
    expect(await running.producer.awaitIdle(20_000)).toEqual([{ key: '*', reason: 'The store does not answer.' }]);
    expect(await readLines(place.log)).toEqual({});
    isDown = false;
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0]) });
    expect(running.failures).toEqual([]);
  });

  it('stops the reading of one source only when the store throws an unexpected error', async () => {
    let throws = 1;
    const store = changedStore(place.store, {
      head: async (bucket, key) => {
        if (key === KEY && throws-- > 0) throw new Error('a bug');
        return place.store.head(bucket, key);
      },
    });
    await place.put(KEY, text(l0));
    await place.put('web-2/app.log', text(l1));
    const running = place.start({ store });
    await running.settle();
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: published(0, [l0]),
      [`${BUCKET}/web-2/app.log`]: published(0, [l1]),
    });
    expect(running.seen.crashes).toHaveLength(1);
  });

  it('loses only an object that is deleted during a read', async () => {
    let isDeleted = false;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        if (key === KEY && !isDeleted) {
          isDeleted = true;
          rmSync(join(place.folder, 'store/objects', BUCKET, KEY));
        }
        return place.store.read(bucket, key, range);
      },
    });
    await place.put(KEY, text(l0));
    await place.put('web-2/app.log', text(l1));
    const running = place.start({ store });
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-2/app.log`]: published(0, [l1]) });
    await place.put(KEY, text(l0, l2));
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l2]));
  });
});
