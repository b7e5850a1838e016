/** How many bytes of a line patterns and samples use. */
export const maxTextBytes = 1024;

/** The first 1 KiB of a line as text. */
export function lineText(line: Buffer): string {
  return cutText(line, maxTextBytes);
}

/**
 * The first bytes of a line as text: cut between characters; bytes that are not UTF-8 become U+FFFD.
 */
export function cutText(line: Buffer, maxBytes: number): string {
  if (line.length <= maxBytes) return line.toString('utf8');
  let end = maxBytes;
  // A UTF-8 character has up to 3 continuation bytes (10xxxxxx); the cut moves back to the first byte of a character that it would tear.
  while (end > maxBytes - 4 && isContinuation(line[end])) end--;
  return line.toString('utf8', 0, isContinuation(line[end]) ? maxBytes : end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
