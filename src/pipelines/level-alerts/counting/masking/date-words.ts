/**
 * The end of a date that is written in words, `Fri Jun 17 07:07:00 2005`, `Sat, 08 May 2004 09:04:50 EDT`, `Jun 17`; 0 when none
 * begins at an index.
 */
export function readDate(text: string, at: number): number {
  if (!initials.includes(text.charAt(at)) || !names.has(text.slice(at, at + 3))) return 0;
  date.lastIndex = at;
  const found = date.exec(text);
  return found === null ? 0 : at + found[0].length;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec';
const names = new Set(`Mon Tue Wed Thu Fri Sat Sun ${months}`.split(' '));

const initials = 'MTWFSJAOND';

const month = `(?:${months.replaceAll(' ', '|')})`;
const clock = String.raw`\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?`;
const zone = String.raw`(?: (?:[A-Z]{3,4}|[+-]\d{4}))?`;
const date = new RegExp(
  String.raw`(?:[A-Z][a-z]{2},? )?(?:${month} \d{1,2}(?:,? \d{4})?|\d{1,2}[ -]${month}[ -]\d{4})(?:,? ${clock})?${zone}(?: \d{4})?(?!\w)`,
  'y',
);
