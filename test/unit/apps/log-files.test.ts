import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLogFiles } from '../../../src/apps/log-files';

describe('findLogFiles', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'telltale-log-files-')));
    mkdirSync(join(folder, 'web'));
    writeFileSync(join(folder, 'web', 'a.log'), 'one\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const keysOf = async (...paths: readonly string[]): Promise<string[]> =>
    (await findLogFiles(paths)).files.map(({ key }) => key);

  it('finds a file once in a folder with links to itself', async () => {
    symlinkSync('.', join(folder, 'web', 'again'));
    symlinkSync('..', join(folder, 'web', 'up'));
    expect(await keysOf(folder)).toEqual(['web/a.log']);
    expect(await keysOf(join(folder, 'web'), folder)).toEqual(['web/a.log']);
  });

  it('finds a file once under several names', async () => {
    symlinkSync('a.log', join(folder, 'web', 'b.log'));
    linkSync(join(folder, 'web', 'a.log'), join(folder, 'web', 'c.log'));
    const { files, skipped } = await findLogFiles([`${folder}//web/a.log`, `${folder}/web/a.log`, folder]);
    expect(files.map(({ path }) => path)).toEqual([join(folder, 'web', 'a.log')]);
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(['same-file']));
  });

  it('keeps two files of one name in two folders of one name apart', async () => {
    mkdirSync(join(folder, 'x', 'web'), { recursive: true });
    writeFileSync(join(folder, 'x', 'web', 'a.log'), 'one\n');
    expect(await keysOf(folder)).toEqual(['web/a.log', 'web/a.log~2']);
  });

  it('skips pipes and devices in a folder', async () => {
    execFileSync('mkfifo', [join(folder, 'web', 'pipe')]);
    symlinkSync('/dev/zero', join(folder, 'web', 'zero'));
    const { files, skipped } = await findLogFiles([folder]);
    expect(files.map(({ key }) => key)).toEqual(['web/a.log']);
    expect(skipped).toEqual(
      ['pipe', 'zero'].map((name) => ({ path: join(folder, 'web', name), reason: 'not-regular' })),
    );
  });

  it('refuses a pipe or device that is named', async () => {
    const pipe = join(folder, 'web', 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      await expect(findLogFiles([path])).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: `${path} is a pipe, a socket or a device: name a file or folder, or pipe it into "telltale replay -"`,
      });
    }
  });

  it('reports a name that is not UTF-8, and finds the others', async () => {
    writeFileSync(Buffer.concat([Buffer.from(join(folder, 'web', 'caf')), Buffer.from([0xe9])]), 'two\n');
    const { files, closed } = await findLogFiles([folder]);
    expect(files.map(({ key }) => key)).toEqual(['web/a.log']);
    expect(closed).toEqual([
      { path: join(folder, 'web', 'caf\ufffd'), why: ' has a name that is not UTF-8: rename it' },
    ]);
  });
});
