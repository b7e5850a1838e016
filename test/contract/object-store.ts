import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadCrc64Nvme } from '../../src/adapters/native/checksums';
import type { ObjectInfo, ObjectStore, ObjectVersion } from '../../src/ports/object-store';

/** The parts that an adapter supplies for its tests. */
export interface ObjectStoreHarness {
  /** A store whose bucket is empty. */
  fresh(): Promise<ObjectStore>;
  readonly bucket: string;
  /** Stores that normalize `//`, `.` and `..` in keys cannot distinguish them. */
  readonly keepsEveryKey: boolean;
  /** True when the bucket keeps every version of its objects. */
  readonly versioned: boolean;
  /** True when an old version keeps its LastModified; some S3-compatible stores use the time of its replacement. */
  readonly keepsVersionTimes: boolean;
  /** Deletes an object as the bucket's owner would: its older versions stay. */
  remove(key: string): Promise<void>;
  /** Deletes one version permanently. */
  removeVersion(key: string, versionId: string): Promise<void>;
  /** True when the store keeps both `a` and `a/b`, as S3 does. A store with one file per object cannot. */
  readonly keepsKeysBelowKeys: boolean;
  close(): Promise<void>;
}

/** Odd keys that every store accepts, each with a different file. */
const oddKeys = [
  'a b/c  d.log',
  ' space ',
  'a+b%2Bc%/100%',
  `"quotes" 'and' <&amp;>`,
  'new\nline\tand tab',
  'ü/日本語/😀',
  '～',
  '1.0',
  '-rf',
  `$(touch x)'"\`;|&<>\\*?[]`,
  `${'n'.repeat(200)}/`.repeat(5) + 'x'.repeat(19),
];

const hostileKeys = [
  ...oddKeys,
  '../../../etc/passwd',
  '..',
  '.',
  '/etc/passwd',
  '/',
  'a//b',
  'a/../b',
  'a/./b',
  'folder/',
  'nul\0inside',
  '100%',
  '%2E%2E/x',
  '%-/x',
  'x%file',
  'x%+/y',
  `${'n'.repeat(300)}.log`,
  `${'%'.repeat(300)}/${'ü'.repeat(100)}`,
  'k'.repeat(1024),
  // A name of 240 bytes, between two longer ones, for a file system that encodes bytes after the first 239.
  ...['%', 'z', 'ü'].map((last) => `${'l'.repeat(239)}${last}`),
];

const inUtf8Order = (keys: readonly string[]): string[] =>
  [...keys].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));

/** The contract of `ports/object-store`, as cases that every adapter must pass. */
export function objectStoreContract(name: string, harness: ObjectStoreHarness): void {
  describe(`${name} as an object store`, () => {
    const { bucket } = harness;
    let store: ObjectStore;
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'telltale-put-'));
      store = await harness.fresh();
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));
    afterAll(() => harness.close());

    const fileOf = async (content: Buffer | string): Promise<string> => {
      const path = join(folder, 'file');
      await writeFile(path, content);
      return path;
    };
    const put = async (key: string, content: Buffer | string): Promise<ObjectInfo> =>
      store.putFile(bucket, key, await fileOf(content));
    const keys = async (range: { prefix?: string; after?: string } = {}): Promise<string[]> => {
      const found: string[] = [];
      for await (const info of store.list(bucket, range)) found.push(info.key);
      return found;
    };
    const textOf = async (info: ObjectInfo, from = 0): Promise<string> =>
      (await readAll(store, bucket, info, from)).toString();
    const versions = (key: string, from?: string): Promise<readonly ObjectVersion[]> =>
      store.versions(bucket, key, from);

    it('returns null for an object that does not exist, and refuses to read it', async () => {
      expect(await store.head(bucket, 'nothing')).toBeNull();
      const reading = store.read(bucket, 'nothing', { from: 0, ifMatch: '"x"' });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    it('returns the put content, with quoted MD5 and full-object CRC64NVME', async () => {
      const content = Buffer.from('123456789');
      const written = await put('logs/host-1/app.log', content);
      expect(written).toMatchObject({
        key: 'logs/host-1/app.log',
        size: 9,
        etag: '"25f9e794323b453885f5181f1b624d0b"',
        checksum: { algorithm: 'CRC64NVME', value: 'ae8b14860a799888' },
      });
      expect(await store.head(bucket, 'logs/host-1/app.log')).toEqual(written);
      expect(await readAll(store, bucket, written, 0)).toEqual(content);
    });

    it('keeps an empty object', async () => {
      const written = await put('empty', '');
      expect(written).toMatchObject({ size: 0, etag: '"d41d8cd98f00b204e9800998ecf8427e"' });
      expect(await readAll(store, bucket, written, 0)).toEqual(Buffer.alloc(0));
    });

    it('reads from any byte, and nothing at the end', async () => {
      const written = await put('k', 'abcdef');
      expect(await textOf(written, 2)).toBe('cdef');
      expect(await textOf(written, 5)).toBe('f');
      expect(await textOf(written, 6)).toBe('');
      expect(await textOf(written, 7)).toBe('');
    });

    it('streams an object of several MiB in pieces of bounded size', async () => {
      const content = Buffer.alloc(5_000_003, 'some line of a log\n');
      const written = await put('big', content);
      const sizes: number[] = [];
      const hash = createHash('md5');
      for await (const piece of await store.read(bucket, 'big', { from: 0, ifMatch: written.etag })) {
        sizes.push(piece.length);
        hash.update(piece);
      }
      expect(`"${hash.digest('hex')}"`).toBe(written.etag);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2 << 20);
      const crc64 = await loadCrc64Nvme();
      expect(written.checksum?.value).toBe(crc64(content).toString(16).padStart(16, '0'));
    });

    it('refuses to read an object with another ETag', async () => {
      const first = await put('k', 'first');
      const second = await put('k', 'second');
      const reading = store.read(bucket, 'k', { from: 0, ifMatch: first.etag });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      expect((await readAll(store, bucket, second, 0)).toString()).toBe('second');
    });

    it('never mixes two contents when an object is overwritten during a read', async () => {
      const first = await put('k', Buffer.alloc(4 << 20, 'a'));
      const reading = await store.read(bucket, 'k', { from: 0, ifMatch: first.etag });
      const seen: Buffer[] = [];
      const read = async (): Promise<void> => {
        for await (const piece of reading) {
          if (seen.length === 0) await put('k', Buffer.alloc(4 << 20, 'b'));
          seen.push(piece);
        }
      };
      await read().catch((error: unknown) => expect(error).toMatchObject({ code: 'OBJECT_CHANGED' }));
      expect(Buffer.concat(seen).includes('b')).toBe(false);
    });

    it('shows readers one whole content or another during repeated puts', async () => {
      await put('k', Buffer.alloc(300_000, 'a'));
      let writing = true;
      const write = async (): Promise<void> => {
        for (let i = 0; i < 20; i++) await put('k', Buffer.alloc(300_000, i % 2 === 0 ? 'b' : 'a'));
        writing = false;
      };
      const read = async (): Promise<number> => {
        let whole = 0;
        do {
          const info = await store.head(bucket, 'k');
          if (info === null) throw new Error('the object was gone');
          try {
            const content = await readAll(store, bucket, info, 0);
            expect(content.equals(Buffer.alloc(300_000, content.subarray(0, 1)))).toBe(true);
            whole++;
          } catch (error) {
            expect(error).toMatchObject({ code: 'OBJECT_CHANGED' });
          }
        } while (writing || whole === 0);
        return whole;
      };
      const [, whole] = await Promise.all([write(), read()]);
      expect(whole).toBeGreaterThan(0);
    });

    it('puts a file as of that moment, and includes appended bytes in the next put', async () => {
      const path = await fileOf('one\n');
      const first = await store.putFile(bucket, 'k', path);
      await appendFile(path, 'two\n');
      expect((await readAll(store, bucket, first, 0)).toString()).toBe('one\n');
      const second = await store.putFile(bucket, 'k', path);
      expect((await readAll(store, bucket, second, first.size)).toString()).toBe('two\n');
      expect(second.etag).not.toBe(first.etag);
    });

    it('names the missing file when there is nothing to put', async () => {
      const putting = store.putFile(bucket, 'k', join(folder, 'missing'));
      await expect(putting).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
      expect(await store.head(bucket, 'k')).toBeNull();
    });

    it('lists keys in UTF-8 order, with the data of head except the checksum', async () => {
      // The slash sorts between the hyphen and the zero; U+FF5E sorts before an emoji in UTF-8 and after it in UTF-16.
      const folders = harness.keepsKeysBelowKeys ? ['a/b', 'b'] : [];
      const inOrder = inUtf8Order(['a-b', 'a/b-c', 'a/b/c', 'a0', 'b/c', 'ab/c', '～', '😀', ...folders]);
      for (const key of [...inOrder].reverse()) await put(key, key);
      expect(await keys()).toEqual(inOrder);
      for await (const listed of store.list(bucket)) {
        expect(listed.checksum).toBeUndefined();
        expect(await store.head(bucket, listed.key)).toMatchObject({ ...listed });
      }
    });

    it('lists below a prefix, which need not end at a slash', async () => {
      for (const key of ['logs/a', 'logs/b/c', 'logs-old/a', 'other']) await put(key, key);
      expect(await keys({ prefix: 'logs/' })).toEqual(['logs/a', 'logs/b/c']);
      expect(await keys({ prefix: 'logs' })).toEqual(['logs-old/a', 'logs/a', 'logs/b/c']);
      expect(await keys({ prefix: 'logs/b/' })).toEqual(['logs/b/c']);
      expect(await keys({ prefix: 'none' })).toEqual([]);
    });

    it('lists nothing in a bucket without objects', async () => {
      expect(await keys()).toEqual([]);
    });

    if (harness.keepsKeysBelowKeys) {
      it.each([
        ['the shorter key first', ['a', 'a/b', 'a/b/c']],
        ['the longer key first', ['a/b/c', 'a/b', 'a']],
      ])("keeps an object whose key is another's folder, %s", async (_order, order) => {
        for (const key of order) await put(key, `content of ${key}`);
        for (const key of order) await put(key, `new content of ${key}`);
        for (const key of order) {
          const info = await store.head(bucket, key);
          expect(info === null ? null : (await readAll(store, bucket, info, 0)).toString()).toBe(
            `new content of ${key}`,
          );
        }
        expect(await keys()).toEqual(['a', 'a/b', 'a/b/c']);
      });
    }

    it('refuses a key that S3 would refuse', async () => {
      await expect(put('', 'x')).rejects.toMatchObject({ code: 'OBJECT_KEY' });
      await expect(put('k'.repeat(1025), 'x')).rejects.toMatchObject({ code: 'OBJECT_KEY' });
      await expect(put('ü'.repeat(513), 'x')).rejects.toMatchObject({ code: 'OBJECT_KEY' });
    });

    it('continues a listing after any key, even one that does not exist', async () => {
      for (const key of ['logs/a', 'logs/b/c', 'logs/b/d', 'logs-old/a', 'other']) await put(key, key);
      const all = await keys();
      for (const [i, after] of all.entries()) expect(await keys({ after })).toEqual(all.slice(i + 1));
      expect(await keys({ after: '' })).toEqual(all);
      expect(await keys({ after: 'a' })).toEqual(all);
      expect(await keys({ after: 'logs/' })).toEqual(['logs/a', 'logs/b/c', 'logs/b/d', 'other']);
      expect(await keys({ after: 'logs/b' })).toEqual(['logs/b/c', 'logs/b/d', 'other']);
      expect(await keys({ after: 'logs/b/cc' })).toEqual(['logs/b/d', 'other']);
      expect(await keys({ after: 'z' })).toEqual([]);
    });

    it('continues a listing below a prefix', async () => {
      for (const key of ['logs/a', 'logs/b/c', 'logs/b/d', 'logs/e', 'other']) await put(key, key);
      expect(await keys({ prefix: 'logs/', after: 'logs/b/c' })).toEqual(['logs/b/d', 'logs/e']);
      expect(await keys({ prefix: 'logs/b', after: 'logs/b/c' })).toEqual(['logs/b/d']);
      expect(await keys({ prefix: 'logs/', after: 'a' })).toEqual(['logs/a', 'logs/b/c', 'logs/b/d', 'logs/e']);
      expect(await keys({ prefix: 'logs/', after: 'other' })).toEqual([]);
    });

    const kept = harness.keepsEveryKey ? hostileKeys : oddKeys;

    it('distinguishes odd keys, and lists them unchanged, after any of them', async () => {
      for (const key of kept) await put(key, `content of ${key}`);
      for (const key of kept) {
        const info = await store.head(bucket, key);
        expect(info?.key).toBe(key);
        expect(info === null ? null : await textOf(info)).toBe(`content of ${key}`);
      }
      const inOrder = inUtf8Order(kept);
      expect(await keys()).toEqual(inOrder);
      for (const [i, after] of inOrder.entries()) {
        expect(await keys({ after })).toEqual(inOrder.slice(i + 1));
        expect(await keys({ prefix: after })).toEqual(inOrder.filter((key) => key.startsWith(after)));
      }
      expect(kept.some((key) => Buffer.byteLength(key) === 1024)).toBe(true);
    });

    it('returns no versions of an object that does not exist', async () => {
      await put('there', 'x');
      expect(await versions('nothing')).toEqual([]);
      expect(await versions('the')).toEqual([]);
      expect(await versions('nothing', '1')).toEqual([]);
    });

    if (!harness.versioned) {
      it('keeps no versions', async () => {
        const first = await put('k', 'first');
        const second = await put('k', 'second');
        expect([first.versionId, second.versionId]).toEqual([undefined, undefined]);
        expect((await store.head(bucket, 'k'))?.versionId).toBeUndefined();
        expect(await versions('k')).toEqual([]);
        expect(await versions('k', 'null')).toEqual([]);
        for (const versionId of ['1', '01BX5ZZKBKACTAV9WEVGEMMVRZ']) {
          expect(await store.head(bucket, 'k', versionId)).toBeNull();
          const reading = store.read(bucket, 'k', { from: 0, ifMatch: second.etag, versionId });
          await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
        }
      });
      return;
    }

    /** Puts contents one after the other. */
    const putAll = async (key: string, ...contents: string[]): Promise<ObjectInfo[]> => {
      const written: ObjectInfo[] = [];
      for (const content of contents) written.push(await put(key, content));
      return written;
    };
    const asKept = (info: ObjectInfo): ObjectInfo =>
      harness.keepsVersionTimes ? info : { ...info, lastModified: expect.any(Number) as number };
    const idsOf = (infos: readonly ObjectInfo[]): (string | undefined)[] => infos.map(({ versionId }) => versionId);

    it('gives each put its own version, even for equal bytes', async () => {
      const written = await putAll('k', 'same', 'same', 'same');
      expect(new Set(idsOf(written)).size).toBe(3);
      expect(idsOf(written)).not.toContain(undefined);
      expect(idsOf(await versions('k'))).toEqual(idsOf(written));
      expect(await store.head(bucket, 'k')).toEqual(written[2]);
    });

    it('lists the versions oldest first, without checksums, from any of them', async () => {
      const written = await putAll('k', 'one', 'two', 'three');
      const listed = written.map(asKept).map(({ key, size, etag, lastModified, versionId }) => {
        return { key, size, etag, lastModified, versionId };
      });
      expect(await versions('k')).toEqual(listed);
      for (const [i, { versionId }] of written.entries()) {
        expect(await versions('k', versionId)).toEqual(listed.slice(i));
      }
      expect(await versions('k', '01BX5ZZKBKACTAV9WEVGEMMVRZ')).toEqual(listed);
      expect(await versions('k', '../../k')).toEqual(listed);
    });

    it('returns the same data for an old version as when it was new', async () => {
      const written = await putAll('k', 'one', '123456789', 'three');
      for (const info of written) expect(await store.head(bucket, 'k', info.versionId)).toEqual(asKept(info));
      expect(written[1]?.checksum).toEqual({ algorithm: 'CRC64NVME', value: 'ae8b14860a799888' });
    });

    it('reads an old version from any byte, and only with the same ETag', async () => {
      const [one, two] = await putAll('k', 'one', 'two', 'three');
      if (one?.versionId === undefined || two === undefined) throw new Error('no version');
      expect([await textOf(one), await textOf(two), await textOf(one, 2), await textOf(one, 3)]).toEqual([
        'one',
        'two',
        'e',
        '',
      ]);
      const reading = store.read(bucket, 'k', { from: 0, ifMatch: two.etag, versionId: one.versionId });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    });

    it('reads a version to its end while newer ones are put', async () => {
      const first = await put('k', Buffer.alloc(4 << 20, 'a'));
      const { versionId, etag } = first;
      if (versionId === undefined) throw new Error('no version');
      const seen: Buffer[] = [];
      for await (const piece of await store.read(bucket, 'k', { from: 0, ifMatch: etag, versionId })) {
        if (seen.length < 2) await put('k', Buffer.alloc(4 << 20, 'b'));
        seen.push(piece);
      }
      expect(Buffer.concat(seen).equals(Buffer.alloc(4 << 20, 'a'))).toBe(true);
      expect(await textOf(first, (4 << 20) - 2)).toBe('aa');
    });

    it('returns null for a version that does not exist, and refuses to read it', async () => {
      const [one, two, three] = await putAll('k', 'one', 'two', 'three');
      await harness.removeVersion('k', two?.versionId ?? '');
      const unknown = ['01BX5ZZKBKACTAV9WEVGEMMVRZ', '1', 'nonsense', '../../objects', two?.versionId ?? ''];
      for (const versionId of unknown) {
        expect(await store.head(bucket, 'k', versionId)).toBeNull();
        expect(await store.head(bucket, 'nothing', versionId)).toBeNull();
        const reading = store.read(bucket, 'k', { from: 0, ifMatch: two?.etag ?? '', versionId });
        await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      }
      expect(idsOf(await versions('k'))).toEqual([one?.versionId, three?.versionId]);
      expect(idsOf(await versions('k', two?.versionId))).toEqual([one?.versionId, three?.versionId]);
    });

    it('keeps the older versions of a deleted object, and adds new ones after them', async () => {
      const [one, two] = await putAll('k', 'one', 'two');
      await harness.remove('k');
      expect(await store.head(bucket, 'k')).toBeNull();
      expect(await keys()).toEqual([]);
      expect((await versions('k')).at(0)?.versionId).toBe(one?.versionId);
      expect(idsOf(await versions('k', two?.versionId))).toEqual([two?.versionId]);
      const three = await put('k', 'two');
      expect(idsOf(await versions('k', two?.versionId))).toEqual([two?.versionId, three.versionId]);
      expect(await store.head(bucket, 'k')).toEqual(three);
    });

    it('does not mix versions of keys with a common prefix', async () => {
      const begin = ['a', 'a.1', 'a-', 'a b', 'aa/b', 'ab/c'];
      const written = new Map<string, (string | undefined)[]>();
      for (const key of begin) written.set(key, idsOf(await putAll(key, `1 ${key}`, `2 ${key}`)));
      for (const key of begin) expect(idsOf(await versions(key))).toEqual(written.get(key));
      expect(await versions('ab')).toEqual([]);
    });

    if (harness.keepsKeysBelowKeys) {
      it('does not mix versions of an object and of those below its key', async () => {
        const first = [...(await putAll('a', '1', '2'))];
        const below = await putAll('a/b', '3', '4');
        const later = await putAll('a', '5');
        expect(idsOf(await versions('a'))).toEqual(idsOf([...first, ...later]));
        expect(idsOf(await versions('a/b'))).toEqual(idsOf(below));
        for (const info of [...first, ...below, ...later]) {
          expect(await store.head(bucket, info.key, info.versionId)).toEqual(info);
        }
      });
    }

    it('does not mix the versions of odd keys', async () => {
      const written = new Map<string, ObjectInfo[]>();
      for (const key of kept) written.set(key, await putAll(key, `1 ${key}`, `2 ${key}`));
      for (const [key, infos] of written) {
        expect(idsOf(await versions(key))).toEqual(idsOf(infos));
        for (const [i, info] of infos.entries()) expect(await textOf(info)).toBe(`${i + 1} ${key}`);
      }
    });
  });
}

async function readAll(store: ObjectStore, bucket: string, info: ObjectInfo, from: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const { key, etag, versionId } = info;
  const range = { from, ifMatch: etag, ...(versionId === undefined ? {} : { versionId }) };
  for await (const piece of await store.read(bucket, key, range)) pieces.push(piece);
  return Buffer.concat(pieces);
}
