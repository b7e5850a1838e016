import { createHash } from 'node:crypto';
import { appendFile, cp, link, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { openFolderStore } from '../../../../src/adapters/embedded/folder-store';
import { digestPath } from '../../../../src/adapters/embedded/object-metadata';
import type { Clock } from '../../../../src/ports/clock';
import type { ObjectInfo, ObjectStore } from '../../../../src/ports/object-store';

const noon = Date.UTC(2026, 10, 20, 12);
const clock: Clock = { now: () => noon, sleep: () => Promise.resolve() };
const bucket = 'telltale-logs';

describe('the folder store with versions', () => {
  let folder: string;
  let store: ObjectStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-versions-'));
    store = await open();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (versioning = true): Promise<ObjectStore> => openFolderStore({ folder, clock, versioning });
  const object = (key = 'k'): string => join(folder, 'objects', bucket, key);
  const versionFolder = (key = 'k'): string => join(folder, 'versions', bucket, digestPath(key));
  const put = async (content: string, key = 'k', into = store): Promise<ObjectInfo> => {
    const file = join(folder, `upload-${content}`);
    await writeFile(file, content);
    return into.putFile(bucket, key, file);
  };
  /** Version ids and contents, oldest first, read as the log reader reads them. */
  const walk = async (key = 'k', after?: string): Promise<[string, string][]> => {
    const found: [string, string][] = [];
    for (const { versionId, etag, size } of await store.versions(bucket, key, after)) {
      const pieces: Buffer[] = [];
      for await (const piece of await store.read(bucket, key, { from: 0, ifMatch: etag, versionId }))
        pieces.push(piece);
      const content = Buffer.concat(pieces);
      expect(content).toHaveLength(size);
      found.push([versionId, content.toString()]);
    }
    return found;
  };
  const contents = async (): Promise<string[]> => (await walk()).map(([, content]) => content);
  const presentId = async (key = 'k'): Promise<string | undefined> => (await store.head(bucket, key))?.versionId;
  const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

  it('keeps each version as a plain file outside the objects, and stores no content twice', async () => {
    const one = await put('one');
    const two = await put('two');
    expect((await readdir(versionFolder())).sort()).toEqual([one.versionId, two.versionId]);
    expect(await readFile(join(versionFolder(), one.versionId ?? ''), 'utf8')).toBe('one');
    expect(await readFile(object(), 'utf8')).toBe('two');
    expect((await stat(object())).ino).toBe((await stat(join(versionFolder(), two.versionId ?? ''))).ino);
    expect(await readdir(join(folder, 'objects', bucket))).toEqual(['k']);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('returns the same ids after a restart, and after its digests were lost', async () => {
    await put('one');
    await put('two');
    const before = await walk();
    store = await open();
    expect(await walk()).toEqual(before);
    await rm(join(folder, 'meta'), { recursive: true });
    expect(await walk()).toEqual(before);
    expect(await presentId()).toBe(before[1]?.[0]);
  });

  it('returns the same ids in a copy of its folder', async () => {
    await put('one');
    await put('two');
    const before = await walk();
    const copy = `${folder}-copy`;
    await cp(folder, copy, { recursive: true, preserveTimestamps: true });
    try {
      store = await openFolderStore({ folder: copy, clock, versioning: true });
      expect((await walk()).slice(0, 2)).toEqual(before);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  it('never reuses an id, even when the clock stands still and the object was removed', async () => {
    const ids = new Set<string | undefined>();
    for (let i = 0; i < 5; i++) {
      ids.add((await put('same')).versionId);
      await rm(object());
    }
    expect(ids.size).toBe(5);
    expect(await walk()).toHaveLength(5);
  });

  it('makes a version of an object added by hand when it is inspected', async () => {
    await put('one');
    await rm(object());
    await writeFile(object(), 'dropped');
    const id = await presentId();
    expect(await presentId()).toBe(id);
    expect(await contents()).toEqual(['one', 'dropped']);
    expect((await walk()).at(1)?.[0]).toBe(id);
  });

  it('keeps an uninspected object added by hand when it is replaced', async () => {
    await put('other', 'else');
    await writeFile(object(), 'dropped');
    await put('two');
    expect(await contents()).toEqual(['dropped', 'two']);
  });

  it("keeps the previous version when an editor replaces the object's file", async () => {
    const one = await put('one');
    await writeFile(join(folder, 'edited'), 'edited');
    await rename(join(folder, 'edited'), object());
    const walked = await walk();
    expect(walked.map(([, content]) => content)).toEqual(['one', 'edited']);
    expect(walked[0]?.[0]).toBe(one.versionId);
    expect(await presentId()).toBe(walked[1]?.[0]);
  });

  it.each([
    ['is inspected', false],
    ['is replaced', true],
  ])('gives an object edited in place a new version when it %s; the previous one is gone', async (_, replaced) => {
    const one = await put('one');
    const two = await put('two');
    await appendFile(object(), ' and more');
    if (replaced) await put('three');
    const walked = await walk();
    expect(walked.map(([, content]) => content)).toEqual(['one', 'two and more', ...(replaced ? ['three'] : [])]);
    expect(walked[0]?.[0]).toBe(one.versionId);
    expect(walked[1]?.[0]).not.toBe(two.versionId);
    expect(await store.head(bucket, 'k', two.versionId)).toBeNull();
  });

  it('refuses to read the old version of a file edited in place', async () => {
    const { etag, versionId = '' } = await put('one');
    await writeFile(object(), 'edited');
    const reading = store.read(bucket, 'k', { from: 0, ifMatch: etag, versionId });
    await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
  });

  it('makes a new version when an old one is put back by hand', async () => {
    const one = await put('one');
    await put('two');
    await rm(object());
    await link(join(versionFolder(), one.versionId ?? ''), object());
    expect(await contents()).toEqual(['one', 'two', 'one']);
    expect(await presentId()).toBe((await walk()).at(-1)?.[0]);
  });

  describe('after an interrupted put', () => {
    it('has the old versions when it ended before the rename', async () => {
      const one = await put('one');
      await writeFile(join(folder, 'tmp', 'copy'), 'two');
      await link(join(folder, 'tmp', 'copy'), join(folder, 'tmp', 'copy.version'));
      store = await open();
      expect(await walk()).toEqual([[one.versionId, 'one']]);
      await put('three');
      expect(await contents()).toEqual(['one', 'three']);
    });

    it.each([
      ['is inspected', false],
      ['is put again', true],
    ])('has old and new once each when it ended before the version and %s', async (_, again) => {
      const one = await put('one');
      const two = await put('two');
      await rm(join(versionFolder(), two.versionId ?? ''));
      await rm(join(folder, 'meta'), { recursive: true });
      store = await open();
      if (again) await put('three');
      const walked = await walk();
      expect(walked.map(([, content]) => content)).toEqual(['one', 'two', ...(again ? ['three'] : [])]);
      expect(walked[0]?.[0]).toBe(one.versionId);
      expect(await presentId()).toBe(walked.at(-1)?.[0]);
      expect(await walk()).toEqual(walked);
    });

    it('has old and new once each when it ended before the digests were cached', async () => {
      await put('one');
      await put('two');
      const before = await walk();
      await rm(join(folder, 'meta', bucket, dirname(digestPath('k'))), { recursive: true });
      store = await open();
      expect(await presentId()).toBe(before[1]?.[0]);
      expect(await walk()).toEqual(before);
    });
  });

  it('loses no put when several clients put at once', async () => {
    const other = await open();
    const names = Array.from({ length: 30 }, (_, i) => `content-${i}`);
    const looking = Array.from({ length: 20 }, () => store.head(bucket, 'k'));
    const written = await Promise.all(names.map((name, i) => put(name, 'k', i % 2 === 0 ? store : other)));
    await Promise.all(looking);
    const walked = await walk();
    expect(walked.map(([, content]) => content).sort()).toEqual([...names].sort());
    expect(new Set(walked.map(([id]) => id)).size).toBe(names.length);
    for (const { versionId, etag } of written) {
      expect(etag).toBe(md5(walked.find(([id]) => id === versionId)?.[1] ?? ''));
    }
    expect(await presentId()).toBe(walked.at(-1)?.[0]);
  });

  it('keeps the versions of an object that moves aside for others', async () => {
    await put('one', 'a');
    const before = await walk('a');
    await put('below', 'a/b');
    await put('two', 'a');
    const walked = await walk('a');
    expect(walked[0]).toEqual(before[0]);
    expect(walked.map(([, content]) => content)).toEqual(['one', 'two']);
    expect(await walk('a/b')).toHaveLength(1);
  });

  it('returns no versions while versioning is off, and the old ones when it is on again', async () => {
    const one = await put('one');
    const plain = await open(false);
    expect(await plain.head(bucket, 'k')).not.toHaveProperty('versionId');
    expect(await plain.head(bucket, 'k', one.versionId)).toBeNull();
    expect(await plain.versions(bucket, 'k')).toEqual([]);
    await put('two', 'k', plain);
    expect(await contents()).toEqual(['one', 'two']);
  });

  it('opens no file for an unknown version id', async () => {
    const { etag } = await put('one');
    await writeFile(join(versionFolder(), 'x'), 'one');
    for (const versionId of ['', 'x', '.', '..', '../x', '0', '-1', '1e3', '0x1', ' 1', '9'.repeat(20), 'null']) {
      expect(await store.head(bucket, 'k', versionId)).toBeNull();
      const reading = store.read(bucket, 'k', { from: 0, ifMatch: etag, versionId });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    }
  });
});
