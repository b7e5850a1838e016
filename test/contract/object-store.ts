import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadCrc64Nvme } from '../../src/adapters/native/checksums';
import type { ObjectInfo, ObjectStore } from '../../src/ports/object-store';

/** What an adapter brings along to be tested. */
export interface ObjectStoreHarness {
  /** A store whose bucket is empty. */
  fresh(): Promise<ObjectStore>;
  readonly bucket: string;
  /** Stores that normalise `//`, `.` and `..` in keys cannot keep them apart. */
  readonly keepsEveryKey: boolean;
  /** S3 keeps `a` and `a/b`; stand-ins that make a file of each object cannot have a file and a folder of one name. */
  readonly keepsKeysBelowKeys: boolean;
  close(): Promise<void>;
}

const hostileKeys = [
  '../../../etc/passwd',
  '..',
  '.',
  '/etc/passwd',
  '/',
  'a//b',
  'a/../b',
  'a/./b',
  'folder/',
  'tab\tnew\nline',
  'nul\0inside',
  '100%',
  '%2E%2E/x',
  '%-/x',
  'x%file',
  'x%+/y',
  `$(touch x)'"\`;|&<>\\*?[]`,
  '-rf',
  'ü/日本語/😀',
  ' space ',
  `${'n'.repeat(300)}.log`,
  `${'%'.repeat(300)}/${'ü'.repeat(100)}`,
  'k'.repeat(1024),
  // A name of 240 bytes, between two that are longer for a file system that encodes what follows the first 239.
  ...['%', 'z', 'ü'].map((last) => `${'l'.repeat(239)}${last}`),
];

/** The contract of `ports/object-store`, as cases that every adapter passes. */
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
    const keys = async (prefix?: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const info of store.list(bucket, prefix)) found.push(info.key);
      return found;
    };

    it('says null for an object that does not exist, and refuses to read it', async () => {
      expect(await store.head(bucket, 'nothing')).toBeNull();
      const reading = store.read(bucket, 'nothing', { from: 0, ifMatch: '"x"' });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    it('gives back what was put, with quoted MD5 and full-object CRC64NVME', async () => {
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

    it('reads from any byte on, and nothing from the end on', async () => {
      const written = await put('k', 'abcdef');
      expect((await readAll(store, bucket, written, 2)).toString()).toBe('cdef');
      expect((await readAll(store, bucket, written, 5)).toString()).toBe('f');
      expect((await readAll(store, bucket, written, 6)).toString()).toBe('');
      expect((await readAll(store, bucket, written, 7)).toString()).toBe('');
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

    it('refuses to read an object that is not the one named', async () => {
      const first = await put('k', 'first');
      const second = await put('k', 'second');
      const reading = store.read(bucket, 'k', { from: 0, ifMatch: first.etag });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      expect((await readAll(store, bucket, second, 0)).toString()).toBe('second');
    });

    it('never mixes two contents when an object is overwritten while it is read', async () => {
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

    it('lets readers of an object see one whole content or the other while it is put again and again', async () => {
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

    it('puts a file as it is at that moment, and goes on with what was appended at the next put', async () => {
      const path = await fileOf('one\n');
      const first = await store.putFile(bucket, 'k', path);
      await appendFile(path, 'two\n');
      expect((await readAll(store, bucket, first, 0)).toString()).toBe('one\n');
      const second = await store.putFile(bucket, 'k', path);
      expect((await readAll(store, bucket, second, first.size)).toString()).toBe('two\n');
      expect(second.etag).not.toBe(first.etag);
    });

    it('says which file is missing when there is nothing to put', async () => {
      const putting = store.putFile(bucket, 'k', join(folder, 'missing'));
      await expect(putting).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
      expect(await store.head(bucket, 'k')).toBeNull();
    });

    it('lists keys in UTF-8 order, with what head says save the checksum', async () => {
      // The slash sorts between the hyphen and the zero; U+FF5E sorts before an emoji in UTF-8 and behind it in UTF-16.
      const folders = harness.keepsKeysBelowKeys ? ['a/b', 'b'] : [];
      const inOrder = ['a-b', 'a/b-c', 'a/b/c', 'a0', 'b/c', 'ab/c', '～', '😀', ...folders].sort((x, y) =>
        Buffer.compare(Buffer.from(x), Buffer.from(y)),
      );
      for (const key of [...inOrder].reverse()) await put(key, key);
      expect(await keys()).toEqual(inOrder);
      for await (const listed of store.list(bucket)) {
        expect(listed.checksum).toBeUndefined();
        expect(await store.head(bucket, listed.key)).toMatchObject({ ...listed });
      }
    });

    it('lists below a prefix, which need not end at a slash', async () => {
      for (const key of ['logs/a', 'logs/b/c', 'logs-old/a', 'other']) await put(key, key);
      expect(await keys('logs/')).toEqual(['logs/a', 'logs/b/c']);
      expect(await keys('logs')).toEqual(['logs-old/a', 'logs/a', 'logs/b/c']);
      expect(await keys('logs/b/')).toEqual(['logs/b/c']);
      expect(await keys('none')).toEqual([]);
    });

    it('lists nothing in a bucket without objects', async () => {
      expect(await keys()).toEqual([]);
    });

    if (harness.keepsKeysBelowKeys) {
      it.each([
        ['the shorter key first', ['a', 'a/b', 'a/b/c']],
        ['the longer key first', ['a/b/c', 'a/b', 'a']],
      ])('keeps an object whose key is the folder of another, %s', async (_order, order) => {
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

    if (harness.keepsEveryKey) {
      it('keeps hostile keys apart, and lists them as they were given', async () => {
        for (const key of hostileKeys) await put(key, `content of ${key}`);
        for (const key of hostileKeys) {
          const info = await store.head(bucket, key);
          expect(info?.key).toBe(key);
          if (info !== null) expect((await readAll(store, bucket, info, 0)).toString()).toBe(`content of ${key}`);
        }
        const inOrder = [...hostileKeys].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
        expect(await keys()).toEqual(inOrder);
      });
    }
  });
}

async function readAll(store: ObjectStore, bucket: string, info: ObjectInfo, from: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await store.read(bucket, info.key, { from, ifMatch: info.etag })) pieces.push(piece);
  return Buffer.concat(pieces);
}
