import { lchownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookAtPaths } from '../../../../src/adapters/embedded/watched-files';
import { tempFolders } from '../../../support/temp-folder';

const folders = tempFolders();
let folder: string;

beforeEach(() => {
  folder = folders.make();
  for (const name of ['a.log', 'b.log', 'c.txt']) writeFileSync(join(folder, name), 'line\n');
});

async function askedFor(...paths: string[]): Promise<Record<string, string>> {
  const { files } = await lookAtPaths(paths.map((path) => join(folder, path)));
  return Object.fromEntries(files.map(({ path, asked }) => [path.replace(`${folder}/`, ''), asked]));
}

describe('the files that paths name', () => {
  it.each<[string, Record<string, string>]>([
    ['a.log', { 'a.log': 'named', 'b.log': 'beside', 'c.txt': 'beside' }],
    ['*.log', { 'a.log': 'matched', 'b.log': 'matched', 'c.txt': 'beside' }],
    ['', { 'a.log': 'matched', 'b.log': 'matched', 'c.txt': 'matched' }],
    ['missing.log', { 'a.log': 'beside', 'b.log': 'beside', 'c.txt': 'beside' }],
  ])('finds those of %j', async (path, asked) => {
    await expect(askedFor(path)).resolves.toEqual(asked);
  });

  it('names the paths that match no file', async () => {
    const paths = ['a.log', '*.log', 'x*.log', 'missing.log', 'no-folder/*.log', 'no-folder'].map((path) =>
      join(folder, path),
    );
    const { unmatched, refused } = await lookAtPaths(paths);
    expect({ unmatched, refused }).toEqual({ unmatched: paths.slice(2), refused: [] });
  });

  it('refuses a folder that cannot be found because of a fault', async () => {
    symlinkSync('loop', join(folder, 'loop'));
    const { refused } = await lookAtPaths([join(folder, 'loop/*.log')]);
    expect(refused.map(({ path, reason }) => [path, reason])).toEqual([[join(folder, 'loop'), 'failed']]);
  });

  it('expands globs in the names of folders', async () => {
    mkdirSync(join(folder, 'pod-1'));
    renameSync(join(folder, 'a.log'), join(folder, 'pod-1', 'a.log'));
    await expect(askedFor('pod-*/*.log')).resolves.toEqual({ 'pod-1/a.log': 'matched' });
  });

  it('follows a link that is named, or that the owner of its target owns', async () => {
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(folder, 'a.log'), join(folder, 'links', 'l.log'));
    await expect(askedFor('links/l.log')).resolves.toMatchObject({ 'a.log': 'named' });
    await expect(askedFor('links/*.log')).resolves.toMatchObject({ 'a.log': 'matched' });
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('refuses a link that another user made', async () => {
    const link = join(folder, 'l.log');
    symlinkSync('/etc/hostname', link);
    lchownSync(link, 12_345, 12_345);
    const { files, refused } = await lookAtPaths([join(folder, '*.log')]);
    expect(files.map(({ path }) => path)).not.toContain('/etc/hostname');
    expect(refused.map(({ path, reason }) => [path, reason])).toEqual([[link, 'symbolic-link']]);
  });
});
