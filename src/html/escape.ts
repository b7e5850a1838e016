/**
 * Makes text from outside inert. Log lines, object keys and origins may contain
 * terminal escapes, bidirectional overrides that reorder what a reader sees, line breaks, tags.
 */

/**
 * Control (Cc), format (Cf: bidi overrides, zero-width characters), line and paragraph separators (Zl, Zp), and
 * unpaired surrogates (Cs).
 */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes invisible characters: `\x1b`, `\u202e`, `\n`. Tabs become spaces. The result is one line. */
export function visible(text: string): string {
  return text.replaceAll('\t', '    ').replace(invisible, escaped);
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/** The first `max` UTF-16 units of a text, ending in `…` if the text is longer. Never splits a character. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Safe HTML: made by {@link html} or from a constant in the source, never from outside text. */
export class Markup {
  readonly #source: string;

  private constructor(source: string) {
    this.#source = source;
  }

  /** @param source a constant in the source code */
  static trusted(source: string): Markup {
    return new Markup(source);
  }

  toString(): string {
    return this.#source;
  }
}

type Interpolated = string | number | Markup | readonly Markup[];

/**
 * Escapes the strings of a template, for text and quoted attributes; inserts {@link Markup} unchanged. Removes the
 * template's own indentation, which would be a third of a mail.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Interpolated[]): Markup {
  const constants = parts.map((part) => part.replace(/\n\s+/g, '\n'));
  return Markup.trusted(
    constants.map((part, i) => (i === 0 ? part : interpolated(values[i - 1] ?? '') + part)).join(''),
  );
}

function interpolated(value: Interpolated): string {
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.join('');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
