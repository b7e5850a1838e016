/**
 * Makes text safe for a terminal or a log: characters that move the cursor, change colors, end the line or change the
 * reading direction become `\uNNNN`. Within JSON the result has the same meaning.
 */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
