import { gzipSync } from 'node:zlib';
import { decodeLines } from '../../src/lines/log-records';
import { levelNames } from '../../src/lines/line-batch';
import type { ObjectInfo } from '../../src/ports/object-store';
import { zstdFrame } from '../support/zstd';
import { tempFolders } from '../support/temp-folder';
import { readLines } from '../support/topics';
import { changedStore } from './decorators';
import {
  checkpointOf,
  clockAt,
  linesOf,
  published,
  quarantineOf,
  remove,
  stuckAfterSomeSteps,
  text,
  watched,
} from './observing';
import { BUCKET, HOUR, info, openPlace, UPLOADED, type Place } from './producing';

/** Objects by their bytes: gzip, UTF-16, lines of every kind, and uploads that end in the middle of a line. */

const KEY = 'web-1/app.log';
const SOURCE = `${BUCKET}/${KEY}`;
const KIB = 1024;
const MIB = 1024 * KIB;
const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

const [l0 = '', l1 = '', l2 = '', l3 = '', l4 = '', l5 = ''] = Array.from({ length: 6 }, (_, i) => info(i));
/** Does not compress well: about 100 KiB as a gzip. */
const many = Array.from({ length: 2_000 }, (_, i) => info(i, noise(i)));

/** Text without a pattern, always the same. */
function noise(seed: number): string {
  let state = seed + 1;
  return Array.from({ length: 16 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state.toString(36);
  }).join('');
}

describe('a gzip', () => {
  it.each([
    ['of one member', gzipSync(text(l0, l1, l2))],
    ['of several members', Buffer.concat([gzipSync(text(l0) + l1.slice(0, 9)), gzipSync(text(l1.slice(9), l2))])],
    ['of an empty member and others', Buffer.concat([gzipSync(''), gzipSync(text(l0, l1)), gzipSync(text(l2))])],
    ['that ends in zero bytes', Buffer.concat([gzipSync(text(l0, l1, l2)), Buffer.alloc(1_000)])],
  ])('%s is decompressed, independent of its name', async (_, bytes) => {
    await place.start().upload(KEY, bytes);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      identity: { encoding: 'gzip', objectSize: bytes.length, whole: true },
      position: { size: text(l0, l1, l2).length },
    });
  });

  it.each([
    ['a zstd', zstdFrame(text(l0, l1, l2)), 'zstd'],
    ['a zstd of several frames', Buffer.concat([zstdFrame(text(l0)), zstdFrame(text(l1, l2))]), 'zstd'],
    ['a gzip in a gzip', gzipSync(gzipSync(text(l0, l1, l2))), 'gzip'],
  ])('may be %s, and continues as a zstd', async (_, bytes, encoding) => {
    const running = place.start();
    await running.upload(KEY, bytes);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      identity: { encoding, objectSize: bytes.length, whole: true },
      position: { size: text(l0, l1, l2).length },
    });
    await running.upload(KEY, zstdFrame(Buffer.concat([Buffer.from(text(l0, l1, l2)), Buffer.from(text(l3))])));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2, l3]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0 },
      identity: { encoding: 'zstd' },
    });
  });

  it('is recognized by its bytes: a plain file may be named .gz', async () => {
    const running = place.start();
    await place.put('web-1/app.log.gz', text(l0));
    running.signal('web-1/app.log.gz');
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-1/app.log.gz`]: published(0, [l0]) });
  });

  it.each([
    ['truncated', 'gzip-truncated', gzipSync(text(...many)).subarray(0, -100)],
    ['corrupt', 'gzip-corrupt', flipped(gzipSync(text(...many)), 50_000)],
    ['followed by something else', 'gzip-corrupt', Buffer.concat([gzipSync(text(l0)), Buffer.from('not a gzip')])],
    ['a bomb', 'gzip-ratio', gzipSync(Buffer.alloc(64 * MIB))],
    ['of a damaged zstd', 'zstd-corrupt', gzipSync(flipped(zstdFrame(text(l0, l1, l2)), 40))],
  ])('goes to quarantine unpublished when it is %s', async (_, reason, bytes) => {
    const running = place.start();
    await place.put('web-2/app.log', text(l5));
    await running.upload(KEY, bytes);
    await running.reconcile();
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-2/app.log`]: published(0, [l5]) });
    const object = await place.store.head(BUCKET, KEY);
    const record = {
      v: 1,
      source: SOURCE,
      etag: object?.etag,
      versionId: null,
      size: bytes.length,
      lastModified: UPLOADED,
      reason,
      detail: expect.stringMatching(/^the (gzip|zstd) /) as unknown,
    };
    expect(await quarantineOf(place.log)).toEqual([record]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { size: 0 },
      quarantine: { etag: object?.etag, size: bytes.length, reason },
    });

    await running.upload(KEY, gzipSync(text(l0, l1)));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 0 }, quarantine: null });
  });

  it('continues when its content begins with the content read before', async () => {
    const running = place.start();
    await running.upload(
      KEY,
      gzipSync(text(l0) + l1.slice(0, 30)),
      gzipSync(text(l0, l1, l2), { level: 1 }),
      Buffer.concat([gzipSync(text(l0, l1, l2)), gzipSync(text(l3))]),
    );
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2, l3]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      identity: { proof: 'proven' },
    });
  });

  it('publishes no line when the same content is compressed again', async () => {
    const running = place.start();
    await running.upload(KEY, gzipSync(text(...many)), gzipSync(text(...many), { level: 0 }));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0 },
      identity: { proof: 'proven' },
    });
  });

  it.each([
    ['other content', [l3, l4, l5], ''],
    ['less content', [l0], ' {AGAIN}'],
  ])('starts a new generation when it holds %s', async (_, now, mark) => {
    const running = place.start();
    await running.upload(KEY, gzipSync(text(l0, l1)), gzipSync(text(...now)));
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, now, 0, mark)]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 1 } });
  });

  it.each([
    ['twice when it is larger than maxProofBytes', KIB, 2],
    ['once when it is smaller', MIB, 1],
  ])('is published once, and read %s', async (_, maxProofBytes, times) => {
    const watch = watched(place.store);
    const bytes = gzipSync(text(...many));
    await place.start({ store: watch.store, maxProofBytes }).upload(KEY, bytes);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
    expect(watch.bytes).toBe(times * bytes.length);
  });

  it('starts a new generation when it replaces its plain file, which may continue later', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0, l1), gzipSync(text(l0, l1, l2)));
    const expected = [
      ...published(0, [l0, l1]),
      ...published(1, [l0, l1], 0, ' {AGAIN}'),
      ...published(1, [l2], text(l0, l1).length),
    ];
    expect(await linesOf(place.log, KEY)).toEqual(expected);
    await running.upload(KEY, text(l0, l1, l2, l3), text(l0, l1, l2, l3, l4));
    expect(await linesOf(place.log, KEY)).toEqual([...expected, ...published(1, [l3, l4], text(l0, l1, l2).length)]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1 },
      identity: { encoding: 'plain', proof: 'proven' },
    });
  });

  it('continues at the committed position after a kill during a read', async () => {
    await place.put(KEY, gzipSync(text(...many)));
    const { options, reached } = stuckAfterSomeSteps(place);
    const first = place.start(options);
    await reached;
    await first.kill();
    const before = await linesOf(place.log, KEY);
    expect(before?.length).toBeGreaterThan(0);
    expect(before?.length).toBeLessThan(many.length);
    await place.start().settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, many));
  });

  function flipped(bytes: Buffer, at: number): Buffer {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x55, at);
    return changed;
  }
});

describe('UTF-16', () => {
  const utf16 = (content: string): Buffer => Buffer.from(`\ufeff${content}`, 'utf16le');

  it('goes to quarantine once for each object, while other sources are read', async () => {
    const running = place.start();
    await place.put('web-2/app.log', text(l1));
    for (const content of [utf16(text(l0)), utf16(text(l0)), utf16(text(l0, l1))]) {
      await running.upload(KEY, content);
      await running.reconcile();
      running.signal(KEY);
      await running.settle();
    }
    const record = { v: 1, source: SOURCE, versionId: null, lastModified: UPLOADED, reason: 'utf-16' };
    const detail = expect.stringMatching(`^The object ${KEY} is UTF-16, which is not read: `) as unknown;
    expect(await quarantineOf(place.log)).toEqual([
      expect.objectContaining({ ...record, size: utf16(text(l0)).length, detail }),
      expect.objectContaining({ ...record, size: utf16(text(l0, l1)).length, detail }),
    ]);
    await place.put('web-2/app.log', text(l1, l2));
    await running.reconcile();
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-2/app.log`]: published(0, [l1, l2]) });
  });

  it('is not read again', async () => {
    const watch = watched(place.store);
    const running = place.start({ store: watch.store });
    await running.upload(KEY, utf16(text(l0)));
    watch.reset();
    running.signal(KEY);
    await running.reconcile();
    await running.kill();
    const next = place.start({ store: watch.store });
    next.signal(KEY);
    await next.reconcile();
    expect(watch.reads).toEqual([]);
    expect(await quarantineOf(place.log)).toHaveLength(1);
  });

  it('replaces nothing: a readable object continues after the bytes read before', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0) + l1.slice(0, 30), utf16(text(l0, l1, l2, l3)));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0 },
      quarantine: { reason: 'utf-16' },
    });
    await running.upload(KEY, text(l0, l1, l2));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0 },
      quarantine: null,
      identity: { proof: 'proven' },
    });
  });

  it('shows that the object of an ended source exists again', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0));
    remove(place, KEY);
    await running.reconcile();
    await running.upload(KEY, utf16(text(l0, l1)));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ ended: null, quarantine: { reason: 'utf-16' } });
    await running.upload(KEY, text(l0, l1));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
  });

  it('is reported until the object is deleted', async () => {
    const running = place.start();
    await running.upload(KEY, utf16(text(l0)));
    const told = [{ key: KEY, reason: 'in quarantine: utf-16' }];
    expect(await running.producer.awaitIdle(20_000)).toEqual(told);
    await running.reconcile();
    expect(await running.producer.awaitIdle(20_000)).toEqual(told);
    remove(place, KEY);
    await running.reconcile();
    expect(await running.producer.awaitIdle(20_000)).toEqual([]);
  });

  it('leaves quarantine when the earlier content is restored', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0), utf16(text(l0, l1)), text(l0));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0 },
      quarantine: null,
      identity: { whole: true },
    });
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0]));
  });
});

describe('a line', () => {
  it('is cut, and never held whole, when it has 1 GiB', async () => {
    const gib = KIB * MIB;
    const head = Buffer.from(text(l0));
    const tail = Buffer.from(`\n${text(l1)}`);
    const size = head.length + gib + tail.length;
    const object: ObjectInfo = { key: KEY, size, etag: '"1"', lastModified: UPLOADED };
    const chunk = Buffer.alloc(MIB, 'x');
    async function* generated(): AsyncGenerator<Buffer> {
      await Promise.resolve();
      yield head;
      for (let at = 0; at < gib; at += MIB) yield chunk;
      yield tail;
    }
    const store = changedStore(place.store, {
      head: () => Promise.resolve(object),
      list: async function* () {
        await Promise.resolve();
        yield object;
      },
      read: () => Promise.resolve(generated()),
    });
    const before = process.memoryUsage().rss;
    let peak = before;
    const clock = {
      ...place.options.clock,
      now: () => {
        peak = Math.max(peak, process.memoryUsage().rss);
        return UPLOADED;
      },
    };
    await place.start({ store, clock }).settle();
    const cut = 'x'.repeat(256 * KIB);
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0]),
      `0:${head.length} ${cut} {CUT_HEAD}`,
      `0:${head.length + gib + 1} ${l1}`,
    ]);
    expect((await checkpointOf(place.log, KEY)).position.sums).toEqual({
      published: text(l0, l1).length + 256 * KIB,
      dropped: gib - 256 * KIB + 1,
      skipped: 0,
    });
    expect(peak - before).toBeLessThan(100 * MIB);
  });

  it('keeps NUL and bytes that are not UTF-8', async () => {
    const line = Buffer.concat([Buffer.from(`${l0} \0 `), Buffer.from([0xff, 0xc3, 0x28, 0x00, 0xed, 0xa0, 0x80])]);
    await place.start().upload(KEY, Buffer.concat([line, Buffer.from(`\n${text(l1)}`)]));
    expect(await rawLines()).toEqual([
      { level: 'INFO', value: line },
      { level: 'INFO', value: Buffer.from(l1) },
    ]);
  });

  it('is published without a BOM', async () => {
    const running = place.start();
    await running.upload(KEY, `\ufeff${text(l0, l1)}`, `\ufeff${text(l0, l1, l2)}`);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2], 3));
    expect((await checkpointOf(place.log, KEY)).position.sums).toEqual({
      published: text(l0, l1, l2).length,
      dropped: 3,
      skipped: 0,
    });
  });

  it('belongs to its record in a stack trace, wherever uploads split it', async () => {
    const error = l1.replace('INFO ', 'ERROR');
    const trace = [error, 'java.lang.IllegalStateException: no', '\tat app.Main.run(Main.java:7)', 'Caused by: it'];
    const whole = text(l0, ...trace, l2);
    const running = place.start();
    for (const lines of [2, 3, 4]) await running.upload(KEY, text(l0, ...trace.slice(0, lines)).trimEnd());
    await running.upload(KEY, whole);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, ...trace, l2]));
    expect((await rawLines()).map(({ level }) => level)).toEqual(['INFO', 'ERROR', 'CONT', 'CONT', 'CONT', 'INFO']);
  });

  it('is the same when an upload ends in a line, in a character, or between CR and LF', async () => {
    const content = Buffer.from('\ufeffé1\r\n\r\n🦄2\nüß\r3\r\n\n4\r\n');
    const keys = Array.from({ length: content.length + 1 }, (_, end) => ({ key: `web-1/${100 + end}.log`, end }));
    const running = place.start();
    for (const { key, end } of keys) await place.put(key, content.subarray(0, end));
    await running.reconcile();
    for (const { key } of keys) await place.put(key, content);
    await running.reconcile();
    const lines = ['0:3 é1', '0:8 ', '0:10 🦄2', '0:16 üß\r3', '0:24 ', '0:25 4'];
    expect(await readLines(place.log)).toEqual(Object.fromEntries(keys.map(({ key }) => [`${BUCKET}/${key}`, lines])));
    for (const { key } of keys) {
      expect(await checkpointOf(place.log, key)).toMatchObject({
        position: { generation: 0, offset: content.length, held: '' },
      });
    }
  });

  it('is published unterminated after a day, and its later bytes are its rest', async () => {
    const clock = clockAt(UPLOADED);
    const running = place.start({ clock });
    await running.upload(KEY, text(l0) + l1.slice(0, 30));
    clock.set(UPLOADED + 24 * HOUR);
    await running.reconcile();
    await running.upload(KEY, text(l0, l1, l2));
    const torn = text(l0).length;
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0]),
      `0:${torn} ${l1.slice(0, 30)} {CUT_TAIL}`,
      `0:${torn + 30} ${l1.slice(30)} {CUT_REST}`,
      ...published(0, [l2], text(l0, l1).length),
    ]);
  });

  /** Values and levels as they are in the topic, byte for byte. */
  async function rawLines(): Promise<{ level: string | undefined; value: Buffer }[]> {
    const found: { level: string | undefined; value: Buffer }[] = [];
    for (let partition = 0; partition < 10; partition++) {
      const { start, end } = await place.log.offsets('logs', partition);
      const reader = place.log.openReader('logs', partition, start);
      for (let next = start; next < end;) {
        const fetched = await reader.fetch(MIB, 0);
        for (const bytes of fetched.batches) {
          for (const { batch } of decodeLines(bytes, 0)) {
            for (let i = 0; i < batch.count; i++) {
              found.push({
                level: levelNames[batch.levels[i] ?? -1],
                value: Buffer.from(batch.bytes.subarray(batch.starts[i], batch.ends[i])),
              });
            }
          }
        }
        next = fetched.next;
      }
      await reader.close();
    }
    return found;
  }
});
