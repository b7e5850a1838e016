/** Returns the position after the closing quote, given that of the opening one; `end` when there is none. */
export function quotedEnd(bytes: Buffer, pos: number, end: number): number {
  for (pos++; pos < end; pos++) {
    if (bytes[pos] === 92) pos++;
    else if (bytes[pos] === 34) return pos + 1;
  }
  return end;
}

/** True when bytes [start, end) begin with the word. */
export function startsWith(bytes: Buffer, start: number, end: number, word: Buffer): boolean {
  if (start + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
