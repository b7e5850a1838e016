/** Returns the position after the closing quote, given that of the opening one; `end` when there is none. */
export function quotedEnd(bytes: Buffer, pos: number, end: number): number {
  for (pos++; pos < end; pos++) {
    if (bytes[pos] === 92) pos++;
    else if (bytes[pos] === 34) return pos + 1;
  }
  return end;
}

/** True when bytes [start, end) begin with the ASCII text. */
export function startsWith(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (start + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** True when bytes [start, end) are the ASCII text. It is faster than `Buffer.compare`, which calls native code. */
export function spells(bytes: Buffer, start: number, end: number, text: string): boolean {
  return end - start === text.length && startsWith(bytes, start, end, text);
}

/** True when bytes [start, end) are one of the ASCII texts. */
export function spellsAny(bytes: Buffer, start: number, end: number, texts: readonly string[]): boolean {
  for (const text of texts) if (spells(bytes, start, end, text)) return true;
  return false;
}
