import {
  isAllUnderstood,
  isPoorlyUnderstood,
  mayBePoorlyUnderstood,
  notUnderstood,
  type Recognition,
} from '../lines/recognition';
import { pluralize, share } from '../pluralize';

/** A source as the user named it, and how well its lines were understood. */
export interface RecognizedSource {
  /** A path, or `standard input`. */
  readonly name: string;
  /** At the end of the file. */
  readonly recognition: Recognition;
}

/** Maximum number of named sources. */
const NAMED = 10;

/** The last lines of a run: nothing when all lines were understood. They may hold control characters of the sources. */
export function recognitionLines(sources: readonly RecognizedSource[]): string[] {
  const poor = sources.filter(({ recognition }) => isPoorlyUnderstood(recognition));
  const perhaps = sources.filter((source) => !poor.includes(source) && mayBePoorlyUnderstood(source.recognition));
  const others = sources.filter((source) => notUnderstood(source.recognition) > 0 && !poor.includes(source));
  const lines = others.reduce((sum, { recognition }) => sum + notUnderstood(recognition), 0);
  return [
    ...(lines === 0
      ? []
      : [
          `${pluralize(lines, 'line')} of ${pluralize(others.length, 'file')} ` +
            `${lines === 1 ? 'was' : 'were'} not understood, the first in ${others[0]?.name ?? ''}`,
        ]),
    ...named(perhaps, doubtfulLine),
    ...named(poor, poorLine),
    ...(poor.length + perhaps.length === 0 ? [] : [checkAdvice]),
    ...(poor.length === 0 ? [] : [conclusion(poor, sources.length)]),
  ];
}

function named(sources: readonly RecognizedSource[], lineOf: (source: RecognizedSource) => string): string[] {
  return [
    ...sources.slice(0, NAMED).map(lineOf),
    ...(sources.length > NAMED ? [`and ${pluralize(sources.length - NAMED, 'more file')} like this`] : []),
  ];
}

/** The last line of a run in which sources were poorly understood. Its exit code is that of the run all the same. */
function conclusion(poor: readonly RecognizedSource[], all: number): string {
  const are = poor.length === 1 ? 'is' : 'are';
  return `${poor.length} of ${pluralize(all, 'file')} ${are} not understood: their errors are not among these results`;
}

/** What to do about lines that were not understood. */
export const checkAdvice = '"telltale check FILE" shows the forms found, and proposes a format for ingest.sources';

/** A source to name; its name is null when it was named before. */
type NamedRecognition = { readonly name: string | null; readonly recognition: Recognition };

/** The last sentence may hold control characters of the source. */
export function poorLine({ name, recognition }: NamedRecognition): string {
  const { lines, first, firstStray } = recognition;
  const shown = `${figures(notUnderstood(recognition), lines)}${ofSource(name)}`;
  return `NOT UNDERSTOOD: ${shown}${example(first ?? firstStray)}`;
}

/** As {@link poorLine}, for stray lines. */
export function doubtfulLine({ name, recognition: { lines, stray, firstStray } }: NamedRecognition): string {
  const shown = `${figures(stray, lines)}${ofSource(name)}`;
  return `PERHAPS NOT UNDERSTOOD: ${shown} continue a record without indent${example(firstStray)}`;
}

function figures(part: number, lines: number): string {
  return `${part} of ${pluralize(lines, 'line')} (${share(part, lines)})`;
}

function ofSource(name: string | null): string {
  return name === null ? '' : ` of ${name}`;
}

function example(first: Recognition['first']): string {
  return first === null ? '' : `. The first, line ${first.line}: ${first.text}`;
}

/** One object for each source with lines that were not understood, or perhaps not. */
export function recognitionObjects(sources: readonly RecognizedSource[]): string[] {
  return sources
    .filter(({ recognition }) => !isAllUnderstood(recognition))
    .map(({ name, recognition }) => {
      const { lines, unparsed, first, distant, stray, firstStray } = recognition;
      const source = { name, lines, unparsed, firstUnparsed: first, distant, stray, firstStray };
      return JSON.stringify({ type: 'source', source });
    });
}
