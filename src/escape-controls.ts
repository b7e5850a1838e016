/**
 * Text for a terminal or a log: what could move a cursor, colour it, end the line or turn the reading direction becomes
 * `\uNNNN`. Inside of JSON the result means the same.
 */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
