import { basename, dirname } from 'node:path';

/**
 * A glob for the keys of a log and its rotated files: the file's name with `*` for dates, numbers and
 * the end. A name without any letter is matched with its folder.
 */
export function keyGlob(path: string): string {
  const name = globOfName(basename(path));
  return /\p{L}/u.test(name) ? `**/${name}` : `**/${globOfName(basename(dirname(path)))}/${name}`;
}

function globOfName(name: string): string {
  const kept = name.replace(/\.(?:gz|zst)$/, '').replace(/[\p{C}\p{Z}]/gu, '?');
  return `${kept.replace(/(?<!\p{L}(?=\d+\p{L}))\d+(?:[-_.:T]\d+)*/gu, '*')}*`
    .replace(/\*[-_.*]*\*$/, '*')
    .replace(/\*{2,}/g, '*');
}
