import { lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { compileGlob } from '../../glob';
import { errnoOf } from '../../errno';
import { linkRefused, lookAt, lookInto, type LookedAt } from './found-files';

/** The files of a look. */
export interface Watched {
  readonly files: readonly LookedAt[];
  /** Path of a file → its folder. */
  readonly folders: ReadonlyMap<string, string>;
  readonly refused: readonly { readonly path: string; readonly reason: string; readonly error: unknown }[];
  /** Paths that match no file. */
  readonly unmatched: readonly string[];
}

/**
 * Finds the files that paths name: files, folders (the files directly in them) and globs, in which `*` and `?` match within a
 * name. Paths of files are free of links. A link is followed when a path names it, or when root or the owner of its target owns
 * it: otherwise its writer could name any file of the machine.
 */
export async function lookAtPaths(paths: readonly string[]): Promise<Watched> {
  const look = new Look();
  const unmatched: string[] = [];
  for (const path of paths) {
    const before = look.asked;
    await look.at(path);
    if (look.asked === before) unmatched.push(path);
  }
  return { ...look.result(), unmatched };
}

class Look {
  /** How often a path asked for a file. */
  asked = 0;
  private readonly files = new Map<string, LookedAt>();
  private readonly folders = new Map<string, string>();
  private readonly refused: Watched['refused'][number][] = [];
  private readonly looked = new Set<string>();

  async at(path: string): Promise<void> {
    const parts = path.split('/');
    const glob = parts.findIndex((part) => /[*?]/.test(part));
    if (glob !== -1) return this.expand(parts.slice(0, glob).join('/') || '/', parts.slice(glob));
    try {
      const real = await realpath(path);
      if ((await stat(real)).isDirectory()) await this.folder(real, () => true);
      else await this.named(real);
    } catch (error) {
      // A rotation may be in progress: the files beside it are found.
      if (errnoOf(error) !== 'ENOENT') this.refused.push({ path, reason: 'failed', error });
      const folder = await realpath(dirname(path)).catch(() => null);
      if (folder !== null) await this.folder(folder, () => false);
    }
  }

  result(): Omit<Watched, 'unmatched'> {
    return { files: [...this.files.values()], folders: this.folders, refused: this.refused };
  }

  private async named(path: string): Promise<void> {
    await this.folder(dirname(path), () => false);
    const file = await lookAt(path);
    if (file !== null) this.add({ ...file, asked: 'named' });
  }

  private async expand(folder: string, [name = '', ...rest]: readonly string[]): Promise<void> {
    const real = await realpath(folder).catch((error: unknown) => this.cannotRead(folder, error));
    if (real === null) return;
    const matches = compileGlob(name);
    if (rest.length === 0) return this.folder(real, matches);
    try {
      const { folders } = await lookInto(real);
      for (const found of folders.filter((each) => matches(basename(each)))) await this.at(join(found, ...rest));
    } catch (error) {
      this.refused.push({ path: real, reason: 'failed', error });
    }
  }

  private async folder(folder: string, matches: (name: string) => boolean): Promise<void> {
    try {
      const { files, refused } = await lookInto(folder);
      const isFirst = !this.looked.has(folder);
      this.looked.add(folder);
      for (const file of files) this.add({ ...file, asked: matches(basename(file.path)) ? 'matched' : 'beside' });
      for (const each of refused) {
        if (each.reason === 'symbolic-link' && matches(basename(each.path))) await this.link(each.path);
        else if (each.reason !== 'symbolic-link' && isFirst) this.refused.push(each);
      }
    } catch (error) {
      this.refused.push({ path: folder, reason: 'failed', error });
    }
  }

  private async link(path: string): Promise<void> {
    try {
      const [link, target, real] = [await lstat(path), await stat(path), await realpath(path)];
      if (target.isDirectory()) return;
      if (link.uid !== 0 && link.uid !== target.uid) this.refused.push(linkRefused(path));
      else {
        await this.folder(dirname(real), () => false);
        const file = await lookAt(real);
        if (file !== null) this.add({ ...file, asked: 'matched' });
      }
    } catch (error) {
      // A link whose target is gone, or rotates at this moment.
      if (errnoOf(error) !== 'ENOENT') this.refused.push({ path, reason: 'failed', error });
    }
  }

  /** A folder may come later. */
  private cannotRead(path: string, error: unknown): null {
    if (errnoOf(error) !== 'ENOENT') this.refused.push({ path, reason: 'failed', error });
    return null;
  }

  private add(file: LookedAt): void {
    if (file.asked !== 'beside') this.asked += 1;
    const rank = { named: 2, matched: 1, beside: 0 };
    const before = this.files.get(file.path);
    if (before === undefined || rank[before.asked] < rank[file.asked]) this.files.set(file.path, file);
    this.folders.set(file.path, dirname(file.path));
  }
}
