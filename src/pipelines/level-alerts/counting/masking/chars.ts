/** The kinds of characters that masking knows, as bits: the bits of a word are those of its characters. */
export const Char = {
  LOWER: 1,
  UPPER: 2,
  DIGIT: 4,
  DOT: 8,
  COLON: 16,
  SLASH: 32,
  AT: 64,
  /** Hyphen and underscore. */
  JOINER: 128,
  /** Any other character of a word. */
  OTHER: 256,
  /** White space, brackets, separators: between words. */
  BETWEEN: 512,
  QUOTE: 1024,
} as const;

const ofAscii = new Uint16Array(128).map((_, code) => bitOf(String.fromCharCode(code)));

function bitOf(char: string): number {
  if (/[a-z]/.test(char)) return Char.LOWER;
  if (/[A-Z]/.test(char)) return Char.UPPER;
  if (/\d/.test(char)) return Char.DIGIT;
  if (char === '.') return Char.DOT;
  if (char === ':') return Char.COLON;
  if (/[/\\]/.test(char)) return Char.SLASH;
  if (char === '@') return Char.AT;
  if (/[-_]/.test(char)) return Char.JOINER;
  if (/["'`]/.test(char)) return Char.QUOTE;
  return /[\s,;()[\]{}<>=|]/.test(char) ? Char.BETWEEN : Char.OTHER;
}

/** Opening quotes beyond ASCII, each with those that may close it: „…“, “…”, ‘…’, ‚…‘, «…», »…«, ‹…›, 「…」, 『…』. */
const closings = new Map([
  ['„', '“”'],
  ['“', '”'],
  ['”', '”'],
  ['‘', '’'],
  ['‚', '‘’'],
  ['«', '»'],
  ['»', '«'],
  ['‹', '›'],
  ['「', '」'],
  ['『', '』'],
]);

/** The bit of a UTF-16 unit. */
export function charOf(code: number): number {
  if (code < 128) return ofAscii[code] ?? Char.OTHER;
  return code >= 0xab && closings.has(String.fromCharCode(code)) ? Char.QUOTE : Char.OTHER;
}

/** The characters that close a quote. */
export function closingsOf(quote: string): string {
  return closings.get(quote) ?? quote;
}
