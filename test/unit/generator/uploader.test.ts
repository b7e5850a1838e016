import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'telltale-uploader-'));
    hostsFolder = join(folder, 'hosts');
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
          return await real.putFile(b, key, path);
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
    createUploader({ hostsFolder, store, bucket, prefix, trace, stop });

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
