import { checkObjectKey } from '../../ingestion/object-key';
import { TelltaleError } from '../../errors';

/*
 * Maps object keys to file names. A key is split at its slashes and each part becomes a folder or file of the same name, so that ordinary keys stay readable. Characters that a file name cannot hold are percent-encoded. Four marks that percent-encoding never produces represent the rest:
 *
 *   %-      an empty part: `a//b` is `a/%-/b`
 *   %2E     a part that is only dots, which the file system would interpret
 *   %+      ends a folder with the rest of a part too long for one file name
 *   %file   ends a file whose name is taken by a folder: with both `a` and `a/b`, `a` is `a%file`
 */
const EMPTY = '%-';
const CONTINUED = '%+';
const ASIDE = '%file';

/** A file name has at most 255 bytes; this leaves room for a mark. */
const MAX_NAME_BYTES = 240;

/**
 * Names of the folders and, last, the file of an object below its bucket's folder.
 * @throws OBJECT_KEY when S3 would refuse the key
 */
export function encodeKey(key: string): string[] {
  checkObjectKey(key);
  return key.split('/').flatMap(encodePart);
}

/**
 * The folder of a bucket.
 * @throws OBJECT_KEY when S3 would refuse the name
 */
export function checkBucket(bucket: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..')) {
    const rule = 'use 3 to 63 lower-case letters, digits, dots and hyphens';
    throw new TelltaleError(
      'OBJECT_KEY',
      `${JSON.stringify(bucket.slice(0, 80))} is not a valid bucket name: ${rule}.`,
    );
  }
  return bucket;
}

/** The name of a file whose regular path is a folder. */
export function asidePath(path: string): string {
  return path + ASIDE;
}

/**
 * The part of a key that one name on disk represents. A file ends the key; a folder continues it with a slash, or
 * without one if `continued`.
 */
export interface DecodedName {
  readonly text: string;
  readonly continued: boolean;
}

/** Decodes a name. Names that {@link encodeKey} never produces decode to some text too: compare with its result. */
export function decodeName(name: string): DecodedName {
  const continued = name.endsWith(CONTINUED);
  const aside = name.endsWith(ASIDE);
  const plain = continued ? name.slice(0, -CONTINUED.length) : aside ? name.slice(0, -ASIDE.length) : name;
  const unescaped = plain.replace(/%([0-9A-F]{2})/g, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return { text: plain === EMPTY ? '' : unescaped, continued };
}

function encodePart(part: string): string[] {
  if (part === '') return [EMPTY];
  if (/^\.\.?$/.test(part)) return [part.replaceAll('.', '%2E')];
  const names: string[] = [];
  let name = '';
  for (const character of part) {
    // eslint-disable-next-line no-control-regex -- matches control characters on purpose
    const encoded = /[\x00-\x1f\x7f%]/.test(character) ? percentEncode(character) : character;
    if (Buffer.byteLength(name + encoded) > MAX_NAME_BYTES) {
      names.push(name + CONTINUED);
      name = '';
    }
    name += encoded;
  }
  return [...names, name];
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
