import { gzipSync } from 'node:zlib';
import { decodeSignal, encodeSignal } from '../../src/ingestion/signal/encoding';
import type { ObjectSignal } from '../../src/ingestion/signal/signal';
import { isInBlocks } from '../../src/lines/repeats/sketch';
import { TelltaleError, type ErrorCode } from '../../src/errors';
import { tell } from '../../src/kit';
import type { ObjectStore } from '../../src/ports/object-store';
import { tempFolders } from '../support/temp-folder';
import { readLines, readRecords } from '../support/topics';
import { changedStore } from './decorators';
import { allTurns } from './kit/harness';
import {
  checkpointOf,
  checkpointsOf,
  clockAt,
  drop,
  linesOf,
  published,
  putAt,
  quarantineOf,
  remove,
  stuckAfterSomeSteps,
  text,
  watched,
} from './observing';
import { BUCKET, HOUR, inBatchesOf, info, openPlace, UPLOADED, type Place, type Running } from './producing';

/** Signals and listings, failures of the store, and requested generations. */

const KEY = 'web-1/app.log';
const SOURCE = `${BUCKET}/${KEY}`;
const DAY = 24 * HOUR;
const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

const lines = Array.from({ length: 8 }, (_, i) => info(i));
const [l0 = '', l1 = '', l2 = '', l3 = ''] = lines;
/** About 1.2 MiB: more than a store hands over at once. */
const many = Array.from({ length: 300 }, (_, i) => info(i, `${i} ${'x'.repeat(4_000)}`));

/** A signal as it comes out of the socket. */
function signal(running: Running, fields: Pick<ObjectSignal, 'key' | 'reingest'>): void {
  const decoded = decodeSignal(encodeSignal({ v: 1, bucket: BUCKET, ...fields }));
  if ('key' in decoded) tell(running.producer.ref, { type: 'objectArrived', signal: decoded });
}

describe('signals', () => {
  const [a, b, c] = ['web-1/a.log', 'web-2/b.log', 'web-3/c.log'] as const;

  it.each<[string, readonly string[]]>([
    ['come once each', [a, b, c]],
    ['come five times', [a, a, a, a, a, b, b, b, b, b, c, c, c, c, c]],
    ['come in the reverse order', [c, b, a]],
    ['come mixed, repeated, and for a missing object', [b, a, 'web-9/none.log', c, b, a, c, c, 'web-9/none.log', a]],
    ['are lost, except one', [b]],
    ['are all lost', []],
  ])('make no difference when they %s', async (_, hints) => {
    const running = place.start();
    const uploads = [[l0], [l0, l1], [l0, l1, l2]];
    for (const upload of uploads) {
      for (const key of [a, b, c]) await place.put(key, text(...upload));
      for (const key of hints) running.signal(key);
      await running.settle();
    }
    await running.reconcile();
    const expected = published(0, [l0, l1, l2]);
    expect(await readLines(place.log)).toEqual({
      [`${BUCKET}/${a}`]: expected,
      [`${BUCKET}/${b}`]: expected,
      [`${BUCKET}/${c}`]: expected,
    });
    for (const key of [a, b, c]) {
      expect(await checkpointOf(place.log, key)).toMatchObject({
        position: { generation: 0, possibleGap: 0 },
        identity: { whole: true },
      });
    }
  });

  it.each([
    ['spaces', ' a b /c  d.log '],
    ['pluses and percent signs', 'a+b/100%/%2F%41.log'],
    ['quotes and backticks', `"a"/'b'/\`id\`/$(id).log`],
    ['newlines and control characters', 'a\nb/c\r\n\t\u0001.log'],
    ['emoji and other scripts', '🦄/журнал/日志.log'],
    ['empty and dotted parts', 'a//../b/./c.log'],
    ['1,024 bytes', `web-1/${'k'.repeat(1_018)}`],
    ['1,024 bytes, few of them letters', `${'🦄'.repeat(255)}/%'\``],
  ])('carry keys with %s to topic and checkpoint', async (_, key) => {
    const running = place.start();
    await place.put(key, text(l0));
    signal(running, { key });
    await running.settle();
    await place.put(key, text(l0, l1));
    signal(running, { key });
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/${key}`]: published(0, [l0, l1]) });
    expect(await checkpointOf(place.log, key)).toMatchObject({
      source: `${BUCKET}/${key}`,
      identity: { proof: 'proven' },
    });
    await running.reconcile();
    expect(await checkpointOf(place.log, key)).toMatchObject({ ended: null });
  });

  it('cause one read per object when ten thousand come at once', async () => {
    const watch = watched(place.store);
    const keys = Array.from({ length: 200 }, (_, i) => `web-${i % 7}/${i}.log`);
    const running = place.start({ store: watch.store });
    await running.settle();
    for (const key of keys) drop(place, key, text(l0, `${l1} ${key}`));
    for (let i = 0; i < 10_000; i++) running.signal(keys[(i * 37) % keys.length] ?? '');
    await running.settle();
    expect(await readLines(place.log)).toEqual(
      Object.fromEntries(keys.map((key) => [`${BUCKET}/${key}`, published(0, [l0, `${l1} ${key}`])])),
    );
    expect(watch.reads).toHaveLength(keys.length);
    expect(running.seen.crashes).toEqual([]);
  });
});

/** Interrupts the first few reads of a store that reach a byte. */
function breakingAt(store: ObjectStore, byte: number, times: number, code: ErrorCode, spared = 0): ObjectStore {
  let left = times;
  let toSpare = spared;
  const fail = (): void => {
    if (left-- > 0) throw new TelltaleError(code, `The store said ${code}.`);
  };
  async function* broken(chunks: AsyncIterable<Buffer>, from: number): AsyncGenerator<Buffer> {
    let at = from;
    for await (const chunk of chunks) {
      if (left > 0 && at <= byte && byte < at + chunk.length && toSpare-- <= 0) {
        if (byte > at) yield chunk.subarray(0, byte - at);
        fail();
      }
      at += chunk.length;
      yield chunk;
    }
  }
  return changedStore(store, {
    read: async (bucket, key, range) => {
      if (byte === 0) fail();
      return broken(await store.read(bucket, key, range), range.from);
    },
  });
}

describe('a reader whose store fails', () => {
  const size = text(...many).length;
  const faults: readonly [string, ErrorCode][] = [
    ['404', 'OBJECT_NOT_FOUND'],
    ['403', 'OBJECT_STORE_DENIED'],
    ['412', 'OBJECT_CHANGED'],
    ['a 500, a reset or a stall', 'OBJECT_STORE'],
  ];
  const cases = faults.flatMap(([name, code]) =>
    [0, 1, 300_000, size - 1].map((byte): [string, number, ErrorCode] => [name, byte, code]),
  );

  it.each(cases)('loses nothing and repeats nothing after %s at byte %i', async (_, byte, code) => {
    const clock = clockAt(UPLOADED + HOUR);
    const store = breakingAt(place.store, byte, 3, code);
    const running = place.start({ store, clock });
    await place.put(KEY, text(...many));
    for (let attempt = 0; attempt < 5; attempt++) {
      clock.set(clock.now() + HOUR);
      await running.reconcile();
    }
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      quarantine: null,
    });
    const denied = expect.objectContaining({ reason: 'denied' }) as unknown;
    expect(await quarantineOf(place.log)).toEqual(code === 'OBJECT_STORE_DENIED' ? [denied] : []);
  });

  it.each([
    ['keeps', 8 * 1024 * 1024],
    ['does not keep', 0],
  ])(
    'publishes a rewritten object once when a search for repeats fails that %s its content',
    async (_, maxProofBytes) => {
      const clock = clockAt(UPLOADED + HOUR);
      const first = place.start({ clock });
      await first.upload(KEY, text(...many));
      await first.kill();
      const store = breakingAt(place.store, 300_000, 1, 'OBJECT_STORE');
      const running = place.start({ store, clock, maxProofBytes });
      await place.put(KEY, text(...many.slice(1)));
      await running.reconcile();
      expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
      clock.set(clock.now() + HOUR);
      await running.reconcile();
      expect(await linesOf(place.log, KEY)).toEqual([
        ...published(0, many),
        ...published(1, many.slice(1), 0, ' {AGAIN}'),
      ]);
    },
  );

  it('publishes an append once when the store fails while it is verified', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const store = breakingAt(place.store, size + 10, 2, 'OBJECT_STORE');
    const running = place.start({ store, clock });
    await place.put(KEY, text(...many));
    await running.reconcile();
    await place.put(KEY, text(...many, l0));
    for (let attempt = 0; attempt < 3; attempt++) {
      clock.set(clock.now() + HOUR);
      await running.reconcile();
    }
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [...many, l0]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0 },
      identity: { proof: 'proven' },
    });
  });

  it('quarantines the object once when HEAD is denied', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    let allowed = false;
    const store = changedStore(place.store, {
      head: (bucket, key) => {
        if (!allowed) throw new TelltaleError('OBJECT_STORE_DENIED', 'Access denied: allow s3:GetObject.');
        return place.store.head(bucket, key);
      },
      list: (bucket, range) => place.store.list(bucket, range),
    });
    await place.put(KEY, text(l0));
    await place.put(`${KEY}.1`, text(l1));
    const running = place.start({ store, clock, includes: (key) => key === KEY });
    for (let i = 0; i < 3; i++) {
      await running.reconcile();
      clock.set(clock.now() + HOUR);
    }
    expect(await quarantineOf(place.log)).toEqual([expect.objectContaining({ source: SOURCE, reason: 'denied' })]);
    allowed = true;
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, [l0]) });
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ quarantine: null });
  });

  it('retries a denied object less and less often, reports it once, and reads it when allowed again', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    let allowed = false;
    let asked = 0;
    const store = changedStore(place.store, {
      read: (bucket, key, range) => {
        if (key !== KEY) return place.store.read(bucket, key, range);
        asked += 1;
        if (!allowed) throw new TelltaleError('OBJECT_STORE_DENIED', 'Access denied: allow s3:GetObject.');
        return place.store.read(bucket, key, range);
      },
    });
    await place.put(KEY, text(l0));
    await place.put('web-2/app.log', text(l1));
    const running = place.start({ store, clock });
    const failed = await running.producer.awaitIdle(20_000);
    expect(failed).toEqual([{ key: KEY, reason: 'in quarantine: denied' }]);

    const askedAfter = async (ms: number): Promise<number> => {
      clock.set(clock.now() + ms);
      await running.reconcile();
      return asked;
    };
    expect(await askedAfter(4_999)).toBe(1);
    expect(await askedAfter(1)).toBe(2);
    expect(await askedAfter(9_999)).toBe(2);
    expect(await askedAfter(1)).toBe(3);
    expect(await askedAfter(19_999)).toBe(3);
    allowed = true;
    expect(await askedAfter(1)).toBe(4);
    expect(await quarantineOf(place.log)).toEqual([
      expect.objectContaining({ v: 1, source: SOURCE, reason: 'denied', detail: 'Access denied: allow s3:GetObject.' }),
    ]);
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: published(0, [l0]),
      [`${BUCKET}/web-2/app.log`]: published(0, [l1]),
    });
    expect(await running.producer.awaitIdle(20_000)).toEqual([]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ quarantine: null });
  });

  it('tries an archived object rarely, reports it once, and reads it when it is restored', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    let archived = true;
    let asked = 0;
    const store = changedStore(place.store, {
      read: (bucket, key, range) => {
        asked += 1;
        if (!archived) return place.store.read(bucket, key, range);
        throw new TelltaleError('OBJECT_STORE', 'It is archived.', { retriable: false, reason: 'archived' });
      },
    });
    await place.put(KEY, text(l0));
    const running = place.start({ store, clock });
    expect(await running.producer.awaitIdle(20_000)).toEqual([{ key: KEY, reason: 'in quarantine: archived' }]);

    const askedAfter = async (ms: number): Promise<number> => {
      clock.set(clock.now() + ms);
      await running.reconcile();
      return asked;
    };
    expect(await askedAfter(HOUR / 4 - 1)).toBe(1);
    expect(await askedAfter(1)).toBe(2);
    expect(await askedAfter(HOUR / 2 - 1)).toBe(2);
    archived = false;
    expect(await askedAfter(1)).toBe(3);
    expect(await quarantineOf(place.log)).toEqual([
      expect.objectContaining({ source: SOURCE, reason: 'archived', detail: 'It is archived.' }),
    ]);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
    expect(await running.producer.awaitIdle(20_000)).toEqual([]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ quarantine: null });
  });

  it('reads an object that replaces an archived one at the next listing', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        const object = await place.store.head(bucket, key);
        if (object?.size !== text(l0).length) return place.store.read(bucket, key, range);
        throw new TelltaleError('OBJECT_STORE', 'It is archived.', { retriable: false, reason: 'archived' });
      },
    });
    await place.put(KEY, text(l0));
    const running = place.start({ store, clock });
    await running.settle();
    await place.put(KEY, text(l0, l1));
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
  });

  it('reads a denied object at once when a signal names it', async () => {
    let allowed = false;
    const store = changedStore(place.store, {
      read: (bucket, key, range) => {
        if (!allowed) throw new TelltaleError('OBJECT_STORE_DENIED', 'Access denied.');
        return place.store.read(bucket, key, range);
      },
    });
    await place.put(KEY, text(l0));
    const running = place.start({ store, clock: clockAt(UPLOADED) });
    await running.settle();
    allowed = true;
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
  });
});

describe('a listing', () => {
  it('ends the sources of deleted objects', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const running = place.start({ clock });
    await place.put(KEY, text(l0));
    await place.put('web-2/app.log', text(l1));
    await running.reconcile();
    remove(place, KEY);
    clock.set(UPLOADED + 2 * HOUR);
    await running.reconcile();
    expect((await checkpointOf(place.log, KEY)).ended).toBe(UPLOADED + 2 * HOUR);
    expect((await checkpointOf(place.log, 'web-2/app.log')).ended).toBeNull();
    clock.set(UPLOADED + 3 * HOUR);
    await running.reconcile();
    expect((await checkpointOf(place.log, KEY)).ended).toBe(UPLOADED + 2 * HOUR);
  });

  describe('after a failed reading', () => {
    const clock = clockAt(UPLOADED + HOUR);
    const start = (spared = 0): Running =>
      place.start({
        store: breakingAt(place.store, 300_000, 1, 'OBJECT_STORE', spared),
        clock,
        maxProofBytes: 0,
        ...inBatchesOf(50_000, place.options),
      });

    it('ends the source of a deleted object that was unknown before', async () => {
      const running = start();
      await running.upload(KEY, text(...many));
      remove(place, KEY);
      clock.set(clock.now() + HOUR);
      await running.reconcile();
      expect(await checkpointOf(place.log, KEY)).toMatchObject({
        position: { generation: 0 },
        identity: { whole: false },
        ended: clock.now(),
      });
    });

    it('starts a new generation when the earlier content is restored', async () => {
      const first = place.start({ clock });
      await first.upload(KEY, text(...many));
      await first.kill();
      // The first read finds the repeats.
      const running = start(1);
      await running.upload(KEY, text(...many.slice(1)));
      await place.put(KEY, text(...many));
      clock.set(clock.now() + HOUR);
      await running.reconcile();
      expect(await checkpointOf(place.log, KEY)).toMatchObject({
        position: { generation: 2 },
        identity: { whole: true },
      });
      const lines = (await linesOf(place.log, KEY)) ?? [];
      expect(lines.some((line) => line.startsWith('1:'))).toBe(true);
      expect(lines.filter((line) => line.startsWith('2:'))).toHaveLength(many.length);
    });
  });

  it('ends no source outside the listed prefix', async () => {
    await place.put(KEY, text(l0));
    await place.start().settle();
    const running = place.start({ prefix: 'web-2/' });
    await place.put('web-2/app.log', text(l1));
    await running.reconcile();
    expect((await checkpointOf(place.log, KEY)).ended).toBeNull();
    expect((await readLines(place.log))[`${BUCKET}/web-2/app.log`]).toEqual(published(0, [l1]));
  });
});

it.each([-5 * HOUR, 5 * HOUR, -400 * DAY])(
  'publishes the same lines when the clock is wrong by %i ms',
  async (skew) => {
    const running = place.start({ clock: clockAt(Date.now() + skew) });
    await place.put(KEY, text(l0, l1));
    await running.reconcile();
    await place.put(KEY, text(l0, l1, l2));
    await running.reconcile();
    await place.put(KEY, text(l1, l2, l3));
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1, l2]),
      ...published(1, [l1, l2], 0, ' {AGAIN}'),
      ...published(1, [l3], text(l1, l2).length),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1 },
      identity: { lastModified: UPLOADED },
      ended: null,
    });
  },
);

describe('since now', () => {
  const start = (now: number): Running => place.start({ since: 'now', clock: clockAt(now) });

  it('skips the existing content, and reads appended lines', async () => {
    const watch = watched(place.store);
    await place.put(KEY, text(...many));
    const running = place.start({ since: 'now', clock: clockAt(UPLOADED + HOUR), store: watch.store });
    await running.settle();
    const size = text(...many).length;
    expect(await readLines(place.log)).toEqual({});
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { offset: size, size, sums: { published: 0, dropped: 0, skipped: size } },
    });
    await place.put(KEY, text(...many, l0));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0], size));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      identity: { proof: 'proven' },
    });
    expect(watch.bytes).toBeLessThan(200 * 1024);
  });

  it('publishes a whole line that had begun before the first start', async () => {
    await place.put(KEY, text(l0) + l1.slice(0, 30));
    const running = start(UPLOADED + HOUR);
    await running.settle();
    await place.put(KEY, text(l0, l1, l2));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l1, l2], text(l0).length));
    expect((await checkpointOf(place.log, KEY)).position.sums).toEqual({
      published: text(l1, l2).length,
      dropped: 0,
      skipped: text(l0).length,
    });
  });

  it('skips a line that began over 64 KiB before the end', async () => {
    const long = 'y'.repeat(100_000);
    await place.put(KEY, text(l0) + long);
    const running = start(UPLOADED + HOUR);
    await running.settle();
    await place.put(KEY, text(l0, `${long} and its end`, l2));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l2], text(l0, `${long} and its end`).length));
  });

  it('reads later objects from their first byte on', async () => {
    const running = start(UPLOADED + HOUR);
    await running.settle();
    await putAt(place, UPLOADED + 2 * HOUR, KEY, text(l0, l1));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
  });

  it('reads an existing object from its first byte on when it is rewritten', async () => {
    await place.put(KEY, text(l0, l1));
    const running = start(UPLOADED + HOUR);
    await running.settle();
    await place.put(KEY, text(l2, l3, info(9)));
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(1, [l2, l3, info(9)]));
  });

  describe('when an object is put between the first listing and the first check', () => {
    const LATER = UPLOADED + 2 * HOUR;

    /** Lists the objects, then lets something happen once before the first check. */
    function listedBefore(happens: () => Promise<void>, change: Partial<ObjectStore> = {}): ObjectStore {
      let happened = false;
      return changedStore(place.store, {
        list: async function* (bucket, range) {
          yield* place.store.list(bucket, range);
          if (!happened) await happens();
          happened = true;
        },
        ...change,
      });
    }

    /** The listing names one object, and the check finds another. */
    async function look(listed: string | Buffer, looked: string | Buffer): Promise<Running> {
      await place.put(KEY, listed);
      const store = listedBefore(() => putAt(place, LATER, KEY, looked));
      const running = place.start({ since: 'now', clock: clockAt(UPLOADED + HOUR), store });
      await running.settle();
      return running;
    }

    it('skips the listed content, and reads appended lines', async () => {
      const running = await look(text(...many), text(...many, l0));
      const skipped = text(...many).length;
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0], skipped));
      const sums = { published: text(l0).length, dropped: 0, skipped };
      expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 0, possibleGap: 0, sums } });
      await putAt(place, LATER + HOUR, KEY, text(...many, l0, l1));
      running.signal(KEY);
      await running.settle();
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1], skipped));
      expect(await checkpointOf(place.log, KEY)).toMatchObject({
        position: { generation: 0 },
        identity: { proof: 'proven' },
      });
    });

    it('reads a shorter object, which replaced the listed one, from its first byte on', async () => {
      await look(text(l0, l1), text(l2));
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l2]));
      expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 0, possibleGap: 0 } });
    });

    it('publishes a whole line that had begun at the listing', async () => {
      await look(text(l0) + l1.slice(0, 30), text(l0, l1, l2));
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l1, l2], text(l0).length));
      expect((await checkpointOf(place.log, KEY)).position.sums.skipped).toBe(text(l0).length);
    });

    it('skips a line that had begun over 64 KiB before', async () => {
      const long = 'y'.repeat(100_000);
      await look(text(l0) + long, text(l0, `${long} and its end`, l2));
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l2], text(l0, `${long} and its end`).length));
    });

    it('skips the same content when it is put again', async () => {
      await look(text(l0, l1), text(l0, l1));
      expect(await linesOf(place.log, KEY)).toBeUndefined();
      expect((await checkpointOf(place.log, KEY)).position.sums.skipped).toBe(text(l0, l1).length);
    });

    it('reads a replaced gzip from its start: a listed size gives no position inside it', async () => {
      await look(gzipSync(text(l0)), gzipSync(text(l0, l1)));
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    });

    it('remembers the listed size when the check fails, or a signal comes', async () => {
      await place.put(KEY, text(l0));
      let failures = 1;
      const store = listedBefore(() => putAt(place, LATER, KEY, text(l0, l1)), {
        head: (bucket, key) => {
          if (failures-- > 0) throw new TelltaleError('OBJECT_STORE', 'The store does not answer.');
          return place.store.head(bucket, key);
        },
      });
      const running = place.start({ since: 'now', clock: clockAt(UPLOADED + HOUR), store });
      await running.settle();
      running.signal(KEY);
      await running.settle();
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l1], text(l0).length));
    });

    it('decides by LastModified when a signal precedes the listing', async () => {
      await place.put(KEY, text(l0));
      const listed = await place.store.head(BUCKET, KEY);
      await putAt(place, LATER, KEY, text(l0, l1));
      let looks: () => void = () => undefined;
      const looked = new Promise<void>((resolve) => (looks = resolve));
      const store = changedStore(place.store, {
        list: async function* () {
          await looked;
          if (listed !== null) yield listed;
        },
        head: (bucket, key) => {
          looks();
          return place.store.head(bucket, key);
        },
      });
      const running = place.start({ since: 'now', clock: clockAt(UPLOADED + HOUR), store });
      running.signal(KEY);
      await running.settle();
      expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    });

    it('decides by LastModified after a restart, which forgets the listed sizes', async () => {
      const OTHER = 'web-2/app.log';
      await place.put(KEY, text(l0));
      await place.put(OTHER, text(l0));
      const store = listedBefore(() => putAt(place, LATER, OTHER, text(l0, l1)), {
        head: () => Promise.reject(new TelltaleError('OBJECT_STORE', 'The store does not answer.')),
      });
      const first = place.start({ since: 'now', clock: clockAt(UPLOADED + HOUR), store });
      await first.settle();
      await first.kill();
      await start(UPLOADED + DAY).settle();
      expect(await readLines(place.log)).toEqual({ [`${BUCKET}/${OTHER}`]: published(0, [l0, l1]) });
      expect((await checkpointOf(place.log, KEY)).position.sums.skipped).toBe(text(l0).length);
    });
  });

  it('reads an object put in the second of the first start: stores keep whole seconds', async () => {
    await place.put(KEY, text(l0));
    await start(UPLOADED + 999).settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
  });

  it('means the very first start after a restart', async () => {
    const first = start(UPLOADED - HOUR);
    await first.settle();
    await first.kill();
    await place.put(KEY, text(l0));
    await start(UPLOADED + DAY).settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
  });
});

describe('a requested generation', () => {
  it.each([
    ['marks lines read before', 'mark' as const, ' {AGAIN}'],
    ['counts lines read before when that is requested', 'count' as const, ''],
  ])('%s', async (_, reingest, mark) => {
    const running = place.start();
    await place.put(KEY, text(l0, l1) + l2.slice(0, 30));
    await running.reconcile();
    signal(running, { key: KEY, reingest });
    await running.settle();
    await place.put(KEY, text(l0, l1, l2));
    running.signal(KEY);
    await running.settle();
    const torn = text(l0, l1).length;
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      `0:${torn} ${l2.slice(0, 30)} {CUT_TAIL}`,
      ...published(1, [l0, l1], 0, mark),
      ...published(1, [l2], torn),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1, possibleGap: 0 },
      identity: { proof: 'proven' },
    });
  });

  it('starts once when it is requested several times before it begins', async () => {
    const running = place.start();
    await place.put(KEY, text(l0));
    await running.reconcile();
    for (let i = 0; i < 3; i++) running.signal(KEY);
    signal(running, { key: KEY, reingest: 'mark' });
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l0], 0, ' {AGAIN}')]);
  });

  it('starts once after its first read failed', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    let failures = 0;
    const store = changedStore(place.store, {
      read: (bucket, key, range) => {
        if (failures-- > 0) throw new TelltaleError('OBJECT_STORE', 'The store does not answer.');
        return place.store.read(bucket, key, range);
      },
    });
    const running = place.start({ store, clock });
    await place.put(KEY, text(l0));
    await running.reconcile();
    failures = 1;
    signal(running, { key: KEY, reingest: 'mark' });
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
    clock.set(clock.now() + HOUR);
    for (let i = 0; i < 2; i++) {
      running.signal(KEY);
      await running.settle();
    }
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l0], 0, ' {AGAIN}')]);
  });

  it.each([
    ['once', 1],
    ['too often to be restarted', 3],
  ])('starts once when its reader crashes %s', async (_, times) => {
    let crashes = 0;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => crashing(await place.store.read(bucket, key, range)),
    });
    async function* crashing(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        yield chunk.subarray(0, chunk.length / 2);
        if (crashes > 0) {
          crashes -= 1;
          while ((await checkpointOf(place.log, KEY)).position.generation === 0) await allTurns();
          throw new TypeError('This is a bug.');
        }
        yield chunk.subarray(chunk.length / 2);
      }
    }
    await place.put(KEY, text(...many));
    const running = place.start({ store, ...inBatchesOf(50_000, place.options) });
    await running.settle();
    crashes = times;
    signal(running, { key: KEY, reingest: 'count' });
    await running.settle();
    expect(running.seen.crashes).toHaveLength(times);
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, many), ...published(1, many)]);
  });

  it.each([
    ['before it begins', 0],
    ['half-way', 300_000],
  ])('starts once when the store denies it %s and then allows it again', async (_, byte) => {
    const clock = clockAt(UPLOADED + HOUR);
    const first = place.start({ clock });
    await first.upload(KEY, text(...many));
    await first.kill();
    const store = breakingAt(place.store, byte, 2, 'OBJECT_STORE_DENIED');
    const running = place.start({ store, clock, ...inBatchesOf(50_000, place.options) });
    await running.settle();
    signal(running, { key: KEY, reingest: 'count' });
    for (let attempt = 0; attempt < 4; attempt++) {
      await running.reconcile();
      clock.set(clock.now() + HOUR);
    }
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, many), ...published(1, many)]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1 },
      identity: { whole: true },
      quarantine: null,
    });
    expect(await quarantineOf(place.log)).toHaveLength(1);
  });

  it.each([
    { what: 'was never read', denied: 0 },
    { what: 'was never read, and is denied', denied: 2 },
    { what: 'was never read, and is denied half-way', denied: 2, byte: 300_000 },
    { what: 'was never read, because it is denied', denied: 2, looks: 1 },
  ])('does not start for a source that $what', async ({ denied, byte = 0, looks = 0 }) => {
    const clock = clockAt(UPLOADED + HOUR);
    const store = breakingAt(place.store, byte, denied, 'OBJECT_STORE_DENIED');
    const running = place.start({ store, clock, ...inBatchesOf(50_000, place.options) });
    await running.settle();
    await place.put(KEY, text(...many));
    for (let look = 0; look < looks; look++) await running.reconcile();
    signal(running, { key: KEY, reingest: 'count' });
    for (let attempt = 0; attempt < 4; attempt++) {
      await running.reconcile();
      clock.set(clock.now() + HOUR);
    }
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
  });

  it.each(['mark', 'count'] as const)('continues after a kill halfway, to %s', async (reingest) => {
    const first = place.start();
    await place.put(KEY, text(...many));
    await first.reconcile();
    await first.kill();

    const { options, reached } = stuckAfterSomeSteps(place);
    const second = place.start(options);
    signal(second, { key: KEY, reingest });
    await reached;
    await second.kill();
    const before = await linesOf(place.log, KEY);
    expect(before?.length).toBeGreaterThan(many.length);
    expect(before?.length).toBeLessThan(2 * many.length);

    await place.start().settle();
    const again = published(1, many, 0, reingest === 'mark' ? ' {AGAIN}' : '');
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, many), ...again]);
  });
});

describe('the checkpoint of a source', () => {
  /** Lists the bucket. The publisher has finished its clean-up when it answers a reader after that. */
  async function tidy(running: Running): Promise<void> {
    await running.reconcile();
    running.signal('web-9/none.log');
    await running.settle();
  }

  it('is trimmed after a day without a change, and enough to continue', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const same = Array.from({ length: 50 }, (_, i) => info(7, `request ${i}`));
    const running = place.start({ clock });
    await place.put(KEY, text(...same));
    await tidy(running);
    expect(isInBlocks((await checkpointOf(place.log, KEY)).format.sketch)).toBe(false);
    clock.set(UPLOADED + DAY);
    await tidy(running);
    expect(isInBlocks((await checkpointOf(place.log, KEY)).format.sketch)).toBe(true);
    const records = await readRecords(place.log, 'checkpoints');
    expect(records.at(-1)?.value?.length).toBeLessThan(300);
    const written = (await checkpointsOf(place.log, KEY)).length;
    clock.set(UPLOADED + 2 * DAY);
    await tidy(running);
    expect(await checkpointsOf(place.log, KEY)).toHaveLength(written);

    await place.put(KEY, text(...same, l0));
    await tidy(running);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [...same, l0]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ identity: { proof: 'proven' } });
  });

  it('publishes the held tail after a day', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const running = place.start({ clock });
    await place.put(KEY, text(l0) + l1);
    await running.reconcile();
    clock.set(UPLOADED + HOUR + DAY - 1);
    await tidy(running);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
    clock.set(UPLOADED + HOUR + DAY);
    await tidy(running);
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), `0:${text(l0).length} ${l1} {CUT_TAIL}`]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { held: '', heldSince: null } });
  });

  it('saves a read when an unchanged key is signalled again', async () => {
    const watch = watched(place.store);
    const clock = clockAt(UPLOADED + HOUR);
    const keys = Array.from({ length: 20 }, (_, i) => `web-1/${i}.log`);
    for (const key of keys) drop(place, key, text(l0, l1));
    const first = place.start({ clock });
    await first.settle();
    clock.set(UPLOADED + 400 * DAY);
    await tidy(first);
    await first.kill();
    const second = place.start({ clock, store: watch.store });
    await second.settle();
    for (const key of keys) second.signal(key);
    await second.reconcile();
    expect(watch.reads).toEqual([]);
    expect((await readLines(place.log))[`${BUCKET}/${keys[0] ?? ''}`]).toEqual(published(0, [l0, l1]));
  });

  it('is removed when the object was deleted and its lines have expired', async () => {
    const watch = watched(place.store);
    const clock = clockAt(UPLOADED + HOUR);
    const running = place.start({ clock, store: watch.store, retentionMs: 3 * DAY });
    await place.put(KEY, text(l0));
    await running.reconcile();
    remove(place, KEY);
    await running.reconcile();
    clock.set(UPLOADED + HOUR + 3 * DAY - 1);
    await tidy(running);
    expect((await checkpointsOf(place.log, KEY)).at(-1)).not.toBeNull();
    clock.set(UPLOADED + HOUR + 3 * DAY);
    await tidy(running);
    const tombstone = await checkpointsOf(place.log, KEY);
    expect(tombstone.at(-1)).toBeNull();
    watch.reset();
    running.signal(KEY);
    await running.reconcile();
    await running.kill();
    await place.start({ clock, store: watch.store }).settle();
    expect(watch.reads).toEqual([]);
    expect(await checkpointsOf(place.log, KEY)).toHaveLength(tombstone.length);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
  });

  it('stays while a failed reading may have committed more', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const first = place.start({ clock });
    await first.upload(KEY, text(...many));
    remove(place, KEY);
    await first.reconcile();
    await first.kill();
    clock.set(UPLOADED + HOUR + 4 * DAY);
    await place.put(KEY, text(...many.slice(1)));
    // The first read finds the repeats. Its content is not kept, so that a second one publishes the lines.
    const store = breakingAt(place.store, 300_000, 1, 'OBJECT_STORE', 1);
    const reading = { maxProofBytes: 0, ...inBatchesOf(50_000, place.options) };
    const running = place.start({ store, clock, retentionMs: 3 * DAY, ...reading });
    await running.settle();
    while ((await checkpointOf(place.log, KEY)).position.generation === 0) await allTurns();
    remove(place, KEY);
    await tidy(running);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1 }, ended: null });
    clock.set(clock.now() + HOUR);
    await tidy(running);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1 }, ended: clock.now() });
  });

  it('stays when a deleted object was created again', async () => {
    const clock = clockAt(UPLOADED + HOUR);
    const running = place.start({ clock, retentionMs: 3 * DAY });
    await place.put(KEY, text(l0));
    await running.reconcile();
    remove(place, KEY);
    await running.reconcile();
    await place.put(KEY, text(l0));
    clock.set(UPLOADED + HOUR + 4 * DAY);
    await running.reconcile();
    await place.put(KEY, text(l0, l1));
    await tidy(running);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
  });
});
