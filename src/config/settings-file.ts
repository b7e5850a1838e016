import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../errno';

/** Far more than any configuration or certificate needs. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file that a setting names, or why it cannot be read: words that follow the name of the setting. */
export type SettingsFile = { readonly text: string } | { readonly problem: string };

/** Reads a regular file of at most 1 MiB: a device or pipe may never end, or never begin. */
export function readSettingsFile(path: string): SettingsFile {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { problem: whyClosed(error) };
  }
  try {
    const found = fstatSync(file);
    if (found.isDirectory()) return { problem: 'is a folder; name a file' };
    if (!found.isFile()) return { problem: 'is not a regular file; write its content into one' };
    // Reading one byte more detects a file that is too long, even if it claims a smaller size.
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    if (length > MAX_BYTES) return { problem: 'is longer than 1 MiB; name a shorter file' };
    return { text: buffer.toString('utf8', 0, length) };
  } catch (error) {
    return { problem: whyClosed(error) };
  } finally {
    closeSync(file);
  }
}

function whyClosed(error: unknown): string {
  const code = errnoOf(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read it';
    default:
      return `cannot be read (${code})`;
  }
}
