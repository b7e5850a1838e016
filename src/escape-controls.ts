/**
 * Makes text safe for a terminal or a log: control and format characters become `\\uNNNN`. They move the cursor, change
 * colors, end the line, are invisible, or change the reading direction. Within JSON the result has the same meaning.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => {
    return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }).join('');
}
