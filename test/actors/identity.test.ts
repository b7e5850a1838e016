import type { CheckpointChange } from '../support/ingestion/checkpoints';
import { SourceReader } from '../../actors/reader/source-reader';
import { combineCrc, formatCrc, parseCrc, type CrcAlgorithm } from '../../src/ingestion/crc-combine';
import { TelltaleError } from '../../src/errors';
import type { ObjectInfo, ObjectStore } from '../../src/ports/object-store';
import { tempFolders } from '../support/temp-folder';
import { readLines } from '../support/topics';
import { changedStore } from './decorators';
import { checkpointOf, linesOf, published, remove, text, watched } from './observing';
import { BUCKET, info, openPlace, UPLOADED, type Place } from './producing';

/** Whether an object continues the bytes read before. Without versions. */

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
/** About 200 KiB: its first lines are far from the bytes that a fingerprint covers. */
const large = Array.from({ length: 200 }, (_, i) => info(i, `${i} ${'x'.repeat(KIB)}`));
const after = info(500, 'appended');

/** The identity in a checkpoint. */
async function identity(): Promise<CheckpointChange> {
  const {
    position: { generation, size, possibleGap },
    identity: { proof },
  } = await checkpointOf(place.log, KEY);
  return { generation, size, proof, possibleGap };
}

describe('an object that is uploaded again', () => {
  it('continues after the bytes read before when its checksum proves it', async () => {
    const watch = watched(place.store);
    const running = place.start({ store: watch.store });
    await running.upload(KEY, text(...large));
    watch.reset();
    await running.upload(KEY, text(...large, after));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [...large, after]));
    expect(await identity()).toEqual({
      generation: 0,
      size: text(...large, after).length,
      proof: 'proven',
      possibleGap: 0,
    });
    expect(watch.reads).toEqual([{ key: KEY, from: text(...large).length - 64 * KIB }]);
  });

  it('is not read when its bytes are the same', async () => {
    const watch = watched(place.store);
    const running = place.start({ store: watch.store });
    await running.upload(KEY, text(l0, l1));
    watch.reset();
    await running.upload(KEY, text(l0, l1));
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1]));
    expect(await identity()).toEqual({ generation: 0, size: text(l0, l1).length, proof: 'first', possibleGap: 0 });
    expect(watch.reads).toEqual([]);
  });

  it.each([
    ['has other content of the same size', text(l0, l1), text(l2, l3), published(1, [l2, l3])],
    ['became shorter', text(l0, l1, l2), text(l3), published(1, [l3])],
    ['was cut and grew past the old offset', text(l0, l1), text(l2, l3, l4, l5), published(1, [l2, l3, l4, l5])],
    [
      'has a changed byte before the appended ones',
      text(...large),
      text(...large, after).replace('- 0 x', '- 0 y'),
      [
        ...published(1, [large[0]?.replace('- 0 x', '- 0 y') ?? '']),
        ...published(1, large.slice(1), text(large[0] ?? '').length, ' {AGAIN}'),
        ...published(1, [after], text(...large).length),
      ],
    ],
  ])('starts a new generation after a possible gap when it %s', async (_, before, now, expected) => {
    const running = place.start();
    await running.upload(KEY, before, now);
    const lines = before.split('\n').slice(0, -1);
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, lines), ...expected]);
    expect(await identity()).toEqual({ generation: 1, size: now.length, proof: 'first', possibleGap: 1 });
  });

  it('starts a new generation at each copytruncate, seen empty or not', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0, l1), '', text(l2), text(l2, l3), text(l4));
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0, l1]),
      ...published(1, [l2, l3]),
      ...published(2, [l4]),
    ]);
    expect(await identity()).toEqual({ generation: 2, size: text(l4).length, proof: 'first', possibleGap: 2 });
  });

  it('keeps the last lines when a rotated file is uploaded again under its old key', async () => {
    const running = place.start();
    await running.upload(KEY, `${text(l0, l1)}${l2.slice(0, 30)}`, text(l0, l1, l2, l3), text(l4));
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1, l2, l3]), ...published(1, [l4])]);
  });

  it('publishes the held part of a long line, drops the rest, and accounts for both', async () => {
    const torn = `${info(1)} ${'é'.repeat(60 * KIB)}`;
    const running = place.start();
    await running.upload(KEY, `${text(l0)}${torn}`);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { offset: text(l0).length, sums: { published: text(l0).length, dropped: 0, skipped: 0 } },
    });
    await running.upload(KEY, text(l2));
    const head = Buffer.from(torn).subarray(0, 64 * KIB);
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0]),
      `0:${text(l0).length} ${head.toString()} {CUT_TAIL}`,
      ...published(1, [l2]),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1, sums: { published: text(l2).length, dropped: 0, skipped: 0 } },
    });
  });

  it('continues inside a line that is longer than its held part', async () => {
    const long = `${info(1)} ${'y'.repeat(100 * KIB)}`;
    const running = place.start();
    await running.upload(
      KEY,
      text(l0) + long.slice(0, 70 * KIB),
      text(l0) + long.slice(0, 90 * KIB),
      text(l0, long, l2),
    );
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, long, l2]));
    expect(await identity()).toMatchObject({ generation: 0, proof: 'proven' });
  });

  it.each([0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1])(
    'is recognized as append, rewrite or copy from %i bytes on',
    async (size) => {
      const before = `${'x'.repeat(99)}\n`.repeat(700).slice(0, size);
      const keys = ['appended', 'changed', 'same', 'cut'].map((name) => `web-1/${name}.log`);
      const [appended = '', changed = '', same = '', cut = ''] = keys;
      const running = place.start();
      for (const key of keys) await place.put(key, before);
      await running.reconcile();
      await place.put(appended, `${before}\n${text(l0)}`);
      const changedText = `Y${before.slice(1)}\n${text(l0)}`;
      await place.put(changed, changedText);
      await place.put(same, before);
      await place.put(cut, before.slice(0, -1));
      await running.reconcile();

      const generations = await Promise.all(
        keys.map(async (key) => (await checkpointOf(place.log, key)).position.generation),
      );
      expect(generations).toEqual(size === 0 ? [0, 0, 0, 0] : [0, 1, 0, 1]);
      const lines = await readLines(place.log);
      expect(lines[`${BUCKET}/${appended}`]).toEqual(published(0, [...before.split('\n'), l0]));
      expect(lines[`${BUCKET}/${changed}`]?.at(-1)).toBe(
        published(size === 0 ? 0 : 1, [l0], changedText.length - l0.length - 1)[0],
      );
    },
  );

  it('continues when it was deleted and created again with the same beginning', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0) + l1.slice(0, 40));
    remove(place, KEY);
    await running.reconcile();
    const torn = text(l0).length;
    const cut = [...published(0, [l0]), `0:${torn} ${l1.slice(0, 40)} {CUT_TAIL}`];
    expect(await linesOf(place.log, KEY)).toEqual(cut);
    const end = await checkpointOf(place.log, KEY);
    expect(end.ended).not.toBeNull();
    expect(end.position.sums).toEqual({ published: torn + 40, dropped: 0, skipped: 0 });

    await running.upload(KEY, text(l0, l1, l2));
    expect(await linesOf(place.log, KEY)).toEqual([
      ...cut,
      `0:${torn + 40} ${l1.slice(40)} {CUT_REST}`,
      ...published(0, [l2], text(l0, l1).length),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, possibleGap: 0 },
      ended: null,
    });
  });

  it('continues when it was deleted and created again unchanged', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0, l1));
    remove(place, KEY);
    await running.reconcile();
    await running.upload(KEY, text(l0, l1));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 0 }, ended: null });
    await running.upload(KEY, text(l0, l1, l2));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2]));
  });

  it('starts a new generation when it was deleted and created again with other content', async () => {
    const running = place.start();
    await running.upload(KEY, text(l0, l1));
    remove(place, KEY);
    await running.reconcile();
    await running.upload(KEY, text(l2, l3, l4));
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l2, l3, l4])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 1, possibleGap: 1 },
      ended: null,
    });
  });

  it('accounts for a long torn line when the object is deleted', async () => {
    const torn = 'z'.repeat(100 * KIB);
    const running = place.start();
    await running.upload(KEY, text(l0) + torn);
    remove(place, KEY);
    await running.reconcile();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0]),
      `0:${text(l0).length} ${torn.slice(0, 64 * KIB)} {CUT_TAIL}`,
    ]);
    expect((await checkpointOf(place.log, KEY)).position.sums).toEqual({
      published: text(l0).length + 64 * KIB,
      dropped: 36 * KIB,
      skipped: 0,
    });
  });

  it('marks repeated lines when sed -i has rewritten a file of 10 MiB', async () => {
    const lines = Array.from({ length: 2.5 * KIB }, (_, i) => info(i, `secret ${i} ${'x'.repeat(4 * KIB - 60)}`));
    const last = lines.length - 100;
    const edited = lines.map((line, i) => (i === last ? line.replace('secret', 'hidden') : line));
    const running = place.start();
    await running.upload(KEY, text(...lines), text(...edited));
    const expected = published(1, edited, 0, ' {AGAIN}');
    expected[last] = expected[last]?.replace(' {AGAIN}', '') ?? '';
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, lines), ...expected]);
  });
});

it('reads two keys with equal beginnings as two sources', async () => {
  const other = 'web-2/app.log';
  const running = place.start();
  await place.put(KEY, text(...large));
  await place.put(other, text(...large));
  await running.reconcile();
  await place.put(other, text(...large, after));
  await running.reconcile();
  expect(await readLines(place.log)).toEqual({
    [SOURCE]: published(0, large),
    [`${BUCKET}/${other}`]: published(0, [...large, after]),
  });
});

/** A store that keeps another checksum of its objects, or none. */
function keeping(store: ObjectStore, algorithm: () => CrcAlgorithm | null): ObjectStore {
  const head: ObjectStore['head'] = async (bucket, key, versionId) => {
    const found = await store.head(bucket, key, versionId);
    if (found === null) return null;
    const { size, etag, lastModified } = found;
    const object = { key, size, etag, lastModified };
    const wanted = algorithm();
    if (wanted === null) return object;
    const bytes: Buffer[] = [];
    for await (const chunk of await place.store.read(bucket, key, { from: 0, ifMatch: found.etag })) bytes.push(chunk);
    const value = formatCrc(wanted, place.options.hashing.crc(wanted, Buffer.concat(bytes)));
    return { ...object, checksum: { algorithm: wanted, value } };
  };
  return changedStore(store, { head });
}

describe('the proof of an append', () => {
  it('rereads the object once when the checksum algorithm changes, then uses the new one', async () => {
    let algorithm: CrcAlgorithm | null = 'CRC64NVME';
    const watch = watched(place.store);
    const running = place.start({ store: keeping(watch.store, () => algorithm) });
    const content = [...large];
    const steps: [CrcAlgorithm | null, string][] = [];
    for (algorithm of ['CRC64NVME', 'CRC64NVME', 'CRC32C', 'CRC32C', 'CRC32', 'CRC32', null, 'CRC64NVME'] as const) {
      content.push(info(1_000 + content.length));
      watch.reset();
      await running.upload(KEY, text(...content));
      const {
        position: { generation },
        identity: { proof },
      } = await checkpointOf(place.log, KEY);
      expect(generation).toBe(0);
      const again = watch.bytes > text(...content).length ? 'read again' : 'by its checksum';
      steps.push([algorithm, proof === 'proven' ? again : proof]);
    }
    expect(await linesOf(place.log, KEY)).toEqual(published(0, content));
    expect(steps).toEqual([
      ['CRC64NVME', 'first'],
      ['CRC64NVME', 'by its checksum'],
      ['CRC32C', 'read again'],
      ['CRC32C', 'by its checksum'],
      ['CRC32', 'read again'],
      ['CRC32', 'by its checksum'],
      [null, 'read again'],
      ['CRC64NVME', 'by its checksum'],
    ]);
  });

  it.each(['CRC32C', 'CRC32'] as const)('uses %s when every upload has it', async (algorithm) => {
    const watch = watched(place.store);
    const running = place.start({ store: keeping(watch.store, () => algorithm) });
    await running.upload(KEY, text(...large));
    watch.reset();
    await running.upload(KEY, text(...large, after));
    expect(watch.bytes).toBe(64 * KIB + after.length + 1);
    expect(await identity()).toMatchObject({ generation: 0, proof: 'proven' });
    await running.upload(KEY, text(...large, after).replace('- 0 x', '- 0 y'));
    expect(await identity()).toMatchObject({ generation: 1, possibleGap: 1 });
  });

  it('rereads the object and finds a changed byte when no checksum helps', async () => {
    const running = place.start({ store: keeping(place.store, () => null) });
    await running.upload(KEY, text(...large), text(...large, after));
    expect(await identity()).toMatchObject({ generation: 0, proof: 'proven' });
    await running.upload(KEY, text(...large, after, l5).replace('- 0 x', '- 0 y'));
    expect(await identity()).toMatchObject({ generation: 1, proof: 'first', possibleGap: 1 });
  });

  it('accepts a fingerprint match, and says so, when no checksum helps and a reread is too much', async () => {
    const store = keeping(place.store, () => null);
    const running = place.start({ store, maxReproofBytes: 100 * KIB });
    await running.upload(KEY, text(...large), text(...large, after).replace('- 0 x', '- 0 y'));
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [...large, after]));
    expect(await identity()).toMatchObject({ generation: 0, proof: 'fingerprint', possibleGap: 0 });
    await running.upload(KEY, text(...large, 'b'.repeat(after.length), l5));
    expect(await identity()).toMatchObject({ generation: 1, proof: 'first', possibleGap: 1 });
  });
});

describe('an object that changes while it is verified', () => {
  /** A store whose object is overwritten before each second read. */
  function restless(store: ObjectStore, next: () => string): { store: ObjectStore; reads: () => number } {
    let reads = 0;
    return {
      reads: () => reads,
      store: changedStore(store, {
        read: async (bucket, key, range) => {
          reads += 1;
          if (reads > 1 && reads % 2 === 1) await place.put(key, next());
          return store.read(bucket, key, range);
        },
      }),
    };
  }

  it.each([
    ['needs to be reread', (store: ObjectStore) => keeping(store, () => null), 8 * MIB],
    ['is longer than maxProofBytes', (store: ObjectStore) => store, KIB],
  ])('is accepted by its fingerprint in one read when it %s', async (_, seen, maxProofBytes) => {
    const content = [...large];
    const grown = (): string => {
      for (let i = 0; i < 30; i++) content.push(info(1_000 + content.length, 'w'.repeat(100)));
      return text(...content);
    };
    const overwritten = restless(place.store, grown);
    const running = place.start({ store: seen(overwritten.store), maxProofBytes });
    await running.upload(KEY, text(...large));
    await running.upload(KEY, grown());
    expect(overwritten.reads()).toBe(6);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, content));
    expect(await identity()).toMatchObject({ generation: 0, proof: 'fingerprint', possibleGap: 0 });
  });

  it('is closed when its reader stops while it verifies', async () => {
    const running = place.start();
    await running.upload(KEY, text(...large));
    const committed = await checkpointOf(place.log, KEY);
    await place.put(KEY, text(...large, after));
    let open = 0;
    async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      open += 1;
      try {
        for await (const chunk of chunks) for (const byte of chunk) yield Buffer.of(byte);
      } finally {
        open -= 1;
      }
    }
    let changes = 2;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        if (changes-- > 0) throw new TelltaleError('OBJECT_CHANGED', 'The object was overwritten.');
        return counted(await place.store.read(bucket, key, range));
      },
    });
    const since = { ms: -Infinity, older: 'ignored' } as const;
    const options = { ...place.options, store, rules: { ...place.options, since, maxProofBytes: 0 } };
    const reader = new SourceReader({ key: KEY, request: null }, options, () => undefined);
    await reader.start(committed);
    while (open === 0) if ((await reader.next()).kind === 'ended') await reader.start(committed);
    expect(changes).toBe(-1);
    await reader.close();
    expect(open).toBe(0);
  });

  it.each([
    ['proven', '- 0 x', { generation: 0, proof: 'proven', possibleGap: 0 }],
    ['disproved', '- 0 y', { generation: 1, proof: 'first', possibleGap: 1 }],
  ])('is still %s when one read is enough', async (_, head, expected) => {
    // More than a store hands over at once.
    const suffix = Array.from({ length: 12 }, (__, i) => info(600 + i, 'z'.repeat(200 * KIB)));
    let overwrites = 0;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => {
        if (overwrites > 0) {
          overwrites -= 1;
          await place.put(key, text(...large, ...suffix, info(700 - overwrites)).replace('- 0 x', head));
        }
        return place.store.read(bucket, key, range);
      },
    });
    const running = place.start({ store });
    await running.upload(KEY, text(...large));
    overwrites = 3;
    await running.upload(KEY, text(...large, after));
    expect(overwrites).toBe(0);
    expect(await identity()).toMatchObject(expected);
  });
});

describe('a reader of appended bytes', () => {
  it('reads them twice, and publishes them once, when they exceed maxProofBytes', async () => {
    const watch = watched(place.store);
    const running = place.start({ store: watch.store, maxProofBytes: 10 * KIB });
    await running.upload(KEY, text(l0));
    watch.reset();
    await running.upload(KEY, text(l0, ...large.slice(1)));
    expect(watch.bytes).toBe(2 * text(l0, ...large.slice(1)).length);
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, ...large.slice(1)]));
    expect(await identity()).toMatchObject({ generation: 0, proof: 'proven' });
  });

  it('starts a new generation at byte 0 when they exceed maxProofBytes and do not match', async () => {
    const running = place.start({ maxProofBytes: 10 * KIB });
    await running.upload(KEY, text(...large.slice(0, 100)), text(...large).replace('- 0 x', '- 0 y'));
    expect(await identity()).toMatchObject({ generation: 1, possibleGap: 1 });
    expect(await linesOf(place.log, KEY)).toHaveLength(300);
  });

  it('reads under 1 MiB when 1 KiB is appended to 16 MiB', async () => {
    const watch = watched(place.store);
    const { scan } = place.options;
    const running = place.start({ store: watch.store, scan: (key) => ({ ...scan(key), maxLineBytes: KIB }) });
    const before = Buffer.alloc(16 * MIB, `${'x'.repeat(64 * KIB - 1)}\n`);
    await running.upload(KEY, before);
    watch.reset();
    const line = info(1, 'y'.repeat(900));
    await running.upload(KEY, Buffer.concat([before, Buffer.from(text(line))]));
    expect(watch.bytes).toBe(64 * KIB + line.length + 1);
    expect((await linesOf(place.log, KEY))?.at(-1)).toBe(`0:${16 * MIB} ${line}`);
    expect(await identity()).toMatchObject({ generation: 0, proof: 'proven' });
  });

  it('reads under 1 MiB when 1 KiB is appended to 10 GiB', async () => {
    const gib10 = 10 * KIB * MIB;
    const appended = Buffer.from(text(info(1, 'y'.repeat(KIB - 1 - info(1, '').length))));
    expect(appended).toHaveLength(KIB);
    // Any checksum will do: these bytes are never read.
    const before = formatCrc('CRC64NVME', 0x1234_5678_9abc_def0n);
    const crc = place.options.hashing.crc('CRC64NVME', appended);
    const whole = formatCrc('CRC64NVME', combineCrc('CRC64NVME', parseCrc(before), crc, KIB));
    const objectOf = (size: number, value: string): ObjectInfo => ({
      key: KEY,
      size,
      etag: `"${value}"`,
      lastModified: UPLOADED,
      checksum: { algorithm: 'CRC64NVME', value },
    });
    let object = objectOf(gib10, before);
    async function* generated(from: number, size: number): AsyncGenerator<Buffer> {
      for (let at = from; at < size;) {
        await Promise.resolve();
        const chunk = at < gib10 ? Buffer.alloc(Math.min(gib10 - at, MIB), 'x\n') : appended.subarray(at - gib10);
        at += chunk.length;
        yield chunk;
      }
    }
    const watch = watched(
      changedStore(place.store, {
        head: () => Promise.resolve(object),
        list: async function* () {
          await Promise.resolve();
          yield object;
        },
        read: (_, __, { from, ifMatch }) => {
          if (ifMatch !== object.etag) throw new TelltaleError('OBJECT_CHANGED', 'The object was overwritten.');
          return Promise.resolve(generated(from, object.size));
        },
      }),
    );
    const clock = { ...place.options.clock, now: () => UPLOADED + 1_000 };
    const running = place.start({ store: watch.store, since: 'now', clock });
    await running.settle();
    object = objectOf(gib10 + KIB, whole);
    running.signal(KEY);
    await running.settle();
    expect(await linesOf(place.log, KEY)).toEqual([`0:${gib10} ${appended.toString().trimEnd()}`]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({
      position: { generation: 0, size: gib10 + KIB, sums: { published: KIB, dropped: 0, skipped: gib10 } },
      identity: { proof: 'proven' },
    });
    expect(watch.bytes).toBeLessThan(MIB);
  });
});
