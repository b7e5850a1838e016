import { isPoorlyUnderstood, type Recognition } from '../lines/recognition';
import { pluralize } from '../pluralize';

/** A source as the user named it, and how well its lines were understood. */
export interface RecognizedSource {
  /** A path, or `standard input`. */
  readonly name: string;
  readonly recognition: Recognition;
}

/** Maximum number of named sources. */
const NAMED = 10;

/** The last lines of a run: nothing when all lines were understood. They may hold control characters of the sources. */
export function recognitionLines(sources: readonly RecognizedSource[]): string[] {
  const poor = sources.filter(({ recognition }) => isPoorlyUnderstood(recognition));
  const others = sources.filter(({ recognition }) => recognition.unparsed > 0 && !isPoorlyUnderstood(recognition));
  const unparsed = others.reduce((sum, { recognition }) => sum + recognition.unparsed, 0);
  return [
    ...(unparsed === 0
      ? []
      : [
          `${pluralize(unparsed, 'line')} of ${pluralize(others.length, 'file')} ` +
            `${unparsed === 1 ? 'was' : 'were'} not understood, the first in ${others[0]?.name ?? ''}`,
        ]),
    ...poor.slice(0, NAMED).map(poorLine),
    ...(poor.length > NAMED ? [`and ${pluralize(poor.length - NAMED, 'more file')} like this`] : []),
    ...(poor.length === 0 ? [] : [checkAdvice]),
  ];
}

/** What to do about lines that were not understood. */
export const checkAdvice = '"telltale check FILE" shows the forms found, and proposes a format for ingest.sources';

/** The last sentence may hold control characters of the source. @param name that of the source; null after it was named */
export function poorLine({ name, recognition }: { name: string | null; recognition: Recognition }): string {
  const { lines, unparsed, first } = recognition;
  const share = Math.round((100 * unparsed) / lines);
  const example = first === null ? '' : `. The first, line ${first.line}: ${first.text}`;
  const of = name === null ? '' : ` of ${name}`;
  return `NOT UNDERSTOOD: ${unparsed} of ${pluralize(lines, 'line')} (${share} %)${of}${example}`;
}

/** One object for each source with lines that were not understood. */
export function recognitionObjects(sources: readonly RecognizedSource[]): string[] {
  return sources
    .filter(({ recognition }) => recognition.unparsed > 0)
    .map(({ name, recognition: { lines, unparsed, first } }) =>
      JSON.stringify({ type: 'source', source: { name, lines, unparsed, firstUnparsed: first } }),
    );
}
