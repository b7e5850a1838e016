import { TelltaleError } from '../errors';

/** S3: "object key names … at most 1,024 bytes long" in UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** True for a possible key of an S3 object: 1 to 1,024 bytes of well-formed UTF-8. */
export function isObjectKey(key: string): boolean {
  const bytes = Buffer.from(key, 'utf8');
  return isLengthOfKey(bytes.length) && isWellFormed(key, bytes);
}

/** @throws OBJECT_KEY when it is not {@link isObjectKey} */
export function checkObjectKey(key: string): void {
  const bytes = Buffer.from(key, 'utf8');
  if (!isLengthOfKey(bytes.length)) {
    const wrong = `An object key must have 1 to ${MAX_KEY_BYTES} bytes`;
    throw new TelltaleError('OBJECT_KEY', `${wrong}, and "${key.slice(0, 80)}" has ${bytes.length}: shorten it.`);
  }
  if (!isWellFormed(key, bytes)) {
    throw new TelltaleError('OBJECT_KEY', `The object key ${JSON.stringify(key)} is not valid Unicode: rename it.`);
  }
}

function isLengthOfKey(bytes: number): boolean {
  return bytes > 0 && bytes <= MAX_KEY_BYTES;
}

/** A surrogate alone becomes another character in UTF-8. */
function isWellFormed(key: string, bytes: Buffer): boolean {
  return bytes.toString('utf8') === key;
}
