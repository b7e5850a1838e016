import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openFolderStore } from '../../../src/adapters/embedded/folder-store';
import { createUploader, type Uploader } from '../../../src/adapters/embedded/uploader';
import { systemClock } from '../../../src/ports/clock';
import type { ObjectStore } from '../../../src/ports/object-store';
import type { Trace } from '../../../src/trace';

const bucket = 'telltale-logs';

describe('the uploader', () => {
  let folder: string;
  let hostsFolder: string;
  let store: ObjectStore;
  let puts: string[];
  let warnings: unknown[];
  /** Keys that cannot be put. */
  let broken: Set<string>;
  let inPut: number;
  let mostInPut: number;
  let duringPut: () => void;
  let afterPut: () => Promise<void>;
  let now: number;
  /** Number of puts, each time that the uploader waits for the reader. */
  let read: number[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'telltale-uploader-'));
    hostsFolder = join(folder, 'hosts');
    [now, read, afterPut] = [Date.now() + 60_000, [], () => Promise.resolve()];
    [puts, warnings, broken, inPut, mostInPut, duringPut] = [[], [], new Set(), 0, 0, () => undefined];
    const real = await openFolderStore({ folder: join(folder, 'store'), clock: systemClock, versioning: false });
    store = {
      head: (b, key) => real.head(b, key),
      read: (b, key, range) => real.read(b, key, range),
      list: (b, range) => real.list(b, range),
      versions: (b, key) => real.versions(b, key),
      putFile: async (b, key, path) => {
        puts.push(key);
        mostInPut = Math.max(mostInPut, ++inPut);
        duringPut();
        try {
          if (broken.has(key)) throw new Error('no such luck');
          const put = await real.putFile(b, key, path);
          await afterPut();
          return put;
        } finally {
          inPut -= 1;
        }
      },
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const trace: Trace = (decision, { path }) => void warnings.push([decision, path]);
  const neverStopped = new AbortController().signal;
  const uploaderOf = (prefix = 'logs', stop = neverStopped): Uploader =>
    createUploader({
      ...{ hostsFolder, store, bucket, prefix, trace, stop },
      memory: join(folder, 'uploads.json'),
      now: () => now,
      awaitRead: () => Promise.resolve(void read.push(puts.length)),
    });

  const write = (host: string, file: string, text: string): void => {
    mkdirSync(join(hostsFolder, host), { recursive: true });
    writeFileSync(join(hostsFolder, host, file), text);
  };
  const contentOf = async (key: string): Promise<string> => {
    const object = await store.head(bucket, key);
    const chunks: Buffer[] = [];
    for await (const chunk of await store.read(bucket, key, { from: 0, ifMatch: object?.etag ?? '' }))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it('does nothing while the folder does not exist', async () => {
    await expect(uploaderOf().uploadChanged()).resolves.toEqual({ uploaded: 0 });
  });

  it('puts each file under <prefix>/<host>/<file>', async () => {
    write('host-1', 'a.log', 'one\n');
    write('host-2', 'b.log', 'two\n');
    await expect(uploaderOf().uploadChanged()).resolves.toEqual({ uploaded: 2 });
    expect(puts).toEqual(['logs/host-1/a.log', 'logs/host-2/b.log']);
    expect(await contentOf('logs/host-2/b.log')).toBe('two\n');
    await uploaderOf('').uploadChanged();
    expect(puts.slice(2)).toEqual(['host-1/a.log', 'host-2/b.log']);
  });

  it('puts only files whose size or time changed', async () => {
    write('host-1', 'a.log', 'one\n');
    write('host-1', 'b.log', 'one\n');
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 0 });

    appendFileSync(join(hostsFolder, 'host-1', 'b.log'), 'two\n');
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 1 });
    expect(await contentOf('logs/host-1/b.log')).toBe('one\ntwo\n');

    write('host-1', 'a.log', 'ONE\n');
    utimesSync(join(hostsFolder, 'host-1', 'a.log'), 1, 1);
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 1 });
    expect(await contentOf('logs/host-1/a.log')).toBe('ONE\n');
  });

  it('asks the store after a restart, and puts only missing objects', async () => {
    write('host-1', 'a.log', 'one\n');
    write('host-1', 'b.log', 'one\n');
    await uploaderOf().uploadChanged();
    appendFileSync(join(hostsFolder, 'host-1', 'b.log'), 'two\n');
    puts.length = 0;
    await expect(uploaderOf().uploadChanged()).resolves.toEqual({ uploaded: 1 });
    expect(puts).toEqual(['logs/host-1/b.log']);

    const later = Date.now() / 1000 + 60;
    utimesSync(join(hostsFolder, 'host-1', 'a.log'), later, later);
    await expect(uploaderOf().uploadChanged()).resolves.toEqual({ uploaded: 1 });
  });

  it('continues when one file cannot be put, and tries it again', async () => {
    write('host-1', 'a.log', 'one\n');
    write('host-1', 'b.log', 'two\n');
    broken.add('logs/host-1/a.log');
    const uploader = uploaderOf();
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 1 });
    expect(warnings).toEqual([['notUploaded', join(hostsFolder, 'host-1', 'a.log')]]);
    broken.clear();
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 1 });
    expect(puts).toEqual(['logs/host-1/a.log', 'logs/host-1/b.log', 'logs/host-1/a.log']);
  });

  it('reports a fault of a file once, and again after it was gone', async () => {
    write('host-1', 'a.log', 'one\n');
    broken.add('logs/host-1/a.log');
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    await uploader.uploadChanged();
    expect(warnings).toHaveLength(1);
    broken.clear();
    await uploader.uploadChanged();
    appendFileSync(join(hostsFolder, 'host-1', 'a.log'), 'two\n');
    broken.add('logs/host-1/a.log');
    await uploader.uploadChanged();
    expect(warnings).toHaveLength(2);
  });

  it('reports names of files and host folders that are not UTF-8 once, and uploads the others', async () => {
    write('host-1', 'a.log', 'one\n');
    const inFolder = (...names: readonly (string | Buffer)[]): Buffer =>
      Buffer.concat(names.flatMap((name) => [Buffer.from('/'), Buffer.from(name)]).slice(1));
    writeFileSync(inFolder(hostsFolder, 'host-1', Buffer.from('caf\u00e9.log', 'latin1')), 'two\n');
    mkdirSync(inFolder(hostsFolder, Buffer.from([0x68, 0xff])));
    writeFileSync(inFolder(hostsFolder, Buffer.from([0x68, 0xff]), 'b.log'), 'three\n');
    const uploader = uploaderOf();
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 1 });
    await uploader.uploadChanged();
    expect(warnings).toEqual([
      ['notUploaded', join(hostsFolder, 'h\\xff')],
      ['notUploaded', join(hostsFolder, 'host-1', 'caf\\xe9.log')],
    ]);
  });

  it('takes only regular files directly in a host folder', async () => {
    write('host-1', 'a.log', 'one\n');
    write('host-1/deep', 'b.log', 'two\n');
    writeFileSync(join(hostsFolder, 'stray.log'), 'three\n');
    symlinkSync('/etc/hostname', join(hostsFolder, 'host-1', 'link.log'));
    await uploaderOf().uploadChanged();
    expect(puts).toEqual(['logs/host-1/a.log']);
  });

  const fileOf = (name: string): string => join(hostsFolder, 'web', name);
  const keys = (): string[] => puts.splice(0).map((key) => key.replace('logs/web/', ''));

  it('uploads a rotated file to its end under its key, waits until it is read, and then uploads the new file', async () => {
    write('web', 'app.log', 'one\n');
    await uploaderOf().uploadChanged();
    appendFileSync(fileOf('app.log'), 'two\n');
    renameSync(fileOf('app.log'), fileOf('app.log.1'));
    write('web', 'app.log', 'three\n');
    const bodies: string[] = [];
    afterPut = async () => void bodies.push(await contentOf('logs/web/app.log'));
    // Also after a restart.
    await uploaderOf().uploadChanged();
    expect({ bodies, read }).toEqual({ bodies: ['one\ntwo\n', 'three\n'], read: [2] });
    await uploaderOf().uploadChanged();
    expect(keys()).toEqual(['app.log', 'app.log', 'app.log']);
  });

  it.each<[string, (n: number) => string]>([
    ['numbers', (n) => `app.log.${n}`],
    ['numbers before the extension', (n) => `app.${n}.log`],
    ['dates', (n) => `app.log-202611${String(30 - n)}`],
    ['dates before the extension', (n) => `app.2026-11-${String(30 - n)}.log`],
  ])('uploads nothing twice through rotations with %s', async (_, name) => {
    for (let i = 1; i <= 4; i++) {
      for (let n = 9; n > 0; n--) if (existsSync(fileOf(name(n)))) renameSync(fileOf(name(n)), fileOf(name(n + 1)));
      if (i > 1) renameSync(fileOf('app.log'), fileOf(name(1)));
      write('web', 'app.log', `line ${i}\n`);
      await uploaderOf().uploadChanged();
      expect(keys()).toEqual(['app.log']);
      expect(await contentOf('logs/web/app.log')).toBe(`line ${i}\n`);
    }
  });

  it.each<[string, () => void]>([
    ['deleted', () => rmSync(fileOf('app.log'))],
    [
      'compressed at once',
      () => {
        writeFileSync(fileOf('app.log.1.gz'), gzipSync(readFileSync(fileOf('app.log'))));
        rmSync(fileOf('app.log'));
      },
    ],
    ['truncated', () => writeFileSync(fileOf('app.log'), '')],
  ])(
    'reports a possible gap when a file was %s before its end was uploaded, and uploads the new one',
    async (_, change) => {
      write('web', 'app.log', 'one\n');
      const uploader = uploaderOf();
      await uploader.uploadChanged();
      appendFileSync(fileOf('app.log'), 'two\n');
      change();
      write('web', 'app.log', '3\n');
      await uploader.uploadChanged();
      await uploader.uploadChanged();
      expect(await contentOf('logs/web/app.log')).toBe('3\n');
      expect(warnings).toEqual([['possibleGap', fileOf('app.log')]]);
    },
  );

  it('uploads a file with two names (hard links) once, and reports the other', async () => {
    write('web', 'app.log', 'one\n');
    linkSync(fileOf('app.log'), fileOf('b.log'));
    await uploaderOf().uploadChanged();
    expect(keys()).toEqual(['app.log']);
    expect(warnings).toEqual([['fileLeftOut', fileOf('b.log')]]);
  });

  it('uploads the copy and then the truncated file with copytruncate', async () => {
    write('web', 'app.log', 'one\n');
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    appendFileSync(fileOf('app.log'), 'two\n');
    copyFileSync(fileOf('app.log'), fileOf('app.log.1'));
    writeFileSync(fileOf('app.log'), 'three is longer than both\n');
    const bodies: string[] = [];
    afterPut = async () => void bodies.push(await contentOf('logs/web/app.log'));
    await uploader.uploadChanged();
    expect(bodies).toEqual(['one\ntwo\n', 'three is longer than both\n']);
  });

  it('holds the new file back while the rotated one is still written to, at most a minute', async () => {
    write('web', 'app.log', 'one\n');
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    renameSync(fileOf('app.log'), fileOf('app.log.1'));
    write('web', 'app.log', 'two\n');
    now = Date.now();
    await uploader.uploadChanged();
    expect(keys()).toEqual(['app.log']);
    now += 61_000;
    await uploader.uploadChanged();
    expect(keys()).toEqual(['app.log']);
  });

  it('uploads lines that a service writes to the rotated file when the new one is uploaded already', async () => {
    write('web', 'app.log', 'one\n');
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    renameSync(fileOf('app.log'), fileOf('app.log.1'));
    write('web', 'app.log', 'three\n');
    await uploader.uploadChanged();
    appendFileSync(fileOf('app.log.1'), 'two\n');
    const bodies: string[] = [];
    afterPut = async () => void bodies.push(await contentOf('logs/web/app.log'));
    await uploader.uploadChanged();
    expect(bodies).toEqual(['one\ntwo\n', 'three\n']);
  });

  it('reports rotated, compressed, temporary and hidden files once, and uploads dated files without a base', async () => {
    const leftOut = ['.app.log.swp', '.hidden', 'a.log.1', 'a.log.2.gz', 'b.log.gz.tmp', 'c.log~'];
    for (const name of ['a.log', 'error_log.2026-11-30', ...leftOut]) write('web', name, `${name}\n`);
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    await uploader.uploadChanged();
    expect(keys()).toEqual(['a.log', 'error_log.2026-11-30']);
    expect(warnings).toEqual(leftOut.map((name) => ['fileLeftOut', fileOf(name)]));
  });

  it('uploads a file that was rewritten with the same size and time', async () => {
    write('web', 'a.log', 'one\n');
    utimesSync(fileOf('a.log'), 1000, 1000);
    const uploader = uploaderOf();
    await uploader.uploadChanged();
    write('web', 'a.log', 'two\n');
    utimesSync(fileOf('a.log'), 1000, 1000);
    await uploader.uploadChanged();
    expect(await contentOf('logs/web/a.log')).toBe('two\n');
  });

  it('never uploads the target of a link that takes the place of a file or of its folder during the run', async () => {
    const secret = join(folder, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'b.log'), 'secret\n');
    for (const swap of ['file', 'folder']) {
      write('web', 'a.log', `${swap}\n`);
      write('web', 'b.log', `${swap}\n`);
      duringPut = () => {
        const path = swap === 'file' ? fileOf('b.log') : join(hostsFolder, 'web');
        if (swap === 'folder') linkSync(join(hostsFolder, 'web', 'b.log'), join(secret, 'c.log'));
        rmSync(path, { recursive: true });
        symlinkSync(swap === 'file' ? join(secret, 'b.log') : secret, path);
      };
      await uploaderOf().uploadChanged();
      duringPut = () => undefined;
      expect(keys()).toEqual(['a.log']);
      rmSync(join(hostsFolder, 'web'), { recursive: true });
    }
  });

  it('never overlaps runs; calls during a run share the next one, which sees all earlier writes', async () => {
    write('host-1', 'a.log', 'one\n');
    const uploader = uploaderOf();
    const waiting: Promise<{ uploaded: number }>[] = [];
    duringPut = () => {
      duringPut = () => undefined;
      write('host-1', 'b.log', 'two\n');
      waiting.push(uploader.uploadChanged(), uploader.uploadChanged());
    };
    await expect(uploader.uploadChanged()).resolves.toEqual({ uploaded: 1 });
    await expect(Promise.all(waiting)).resolves.toEqual([{ uploaded: 1 }, { uploaded: 1 }]);
    expect(waiting[0]).toBe(waiting[1]);
    expect(await contentOf('logs/host-1/b.log')).toBe('two\n');
    expect(puts).toEqual(['logs/host-1/a.log', 'logs/host-1/b.log']);
    expect(mostInPut).toBe(1);
  });
});
