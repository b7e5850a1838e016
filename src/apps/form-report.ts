import { escapeControls } from '../escape-controls';
import { Level, levelNames } from '../lines/line-batch';
import type { FoundForm, FoundForms, SeenLine } from '../lines/form-tally';
import { mayBePoorlyUnderstood, notUnderstood } from '../lines/recognition';
import { pluralize, share } from '../pluralize';

/** Files whose names differ in numbers only, and the forms of their lines. */
export interface CheckedFiles {
  /** The first file, as the user named it. */
  readonly name: string;
  readonly files: number;
  /** The first files of which more than a fifth of the lines is not understood. */
  readonly poor: readonly string[];
  readonly poorFiles: number;
  /** IANA name of the zone of timestamps without one. */
  readonly zone: string;
  readonly found: FoundForms;
  readonly proposal: Proposal | null;
}

/** An entry of `ingest.sources`, and its measured effect. */
export interface Proposal {
  /** YAML that can be used as a configuration file. */
  readonly yaml: string;
  /** The lines of the files that were read with it. */
  readonly lines: number;
  /** The lines that it understands. */
  readonly understood: number;
  /** Lines that were continuations before, and are records with it. */
  readonly regained: number;
  /** The first line that it reads. */
  readonly first: FoundForm['first'];
}

/**
 * The text for people: the forms, and the lines that are not understood.
 * @param width columns of the terminal
 */
export function formLines(checked: CheckedFiles, width: number): string[] {
  const { name, files, found, zone } = checked;
  const { forms, continuation, recognition } = found;
  const { lines, unparsed } = recognition;
  const such = files === 1 ? name : `${files} files such as ${name}`;
  const verdict = verdictOf(checked);
  const row = (count: number, text: string): string => {
    return cut(`${String(count).padStart(9)} ${share(count, lines).padStart(7)}  ${text}`, width);
  };
  const example = (seen: SeenLine | null, readAs: string): string[] => {
    if (seen === null) return [];
    const head = `${' '.repeat(19)}line ${seen.line}${readAs}`;
    return [cut(head, width), cut(`${' '.repeat(19)}| ${seen.text}`, width)];
  };
  return [
    `${such}: ${lines === 0 ? 'no lines' : `${pluralize(lines, 'line')}, ${verdict}`}`,
    ...[...forms]
      .sort((a, b) => b.lines - a.lines)
      .flatMap((form) => [
        row(form.lines, `${formName(form)}: ${levelCounts(form)}`),
        ...example(form.first, readAs(form, zone)),
        ...(form.future === 0 ? [] : [cut(`${' '.repeat(19)}${futureNote(form)}`, width)]),
      ]),
    ...(continuation.lines === 0
      ? []
      : [
          row(continuation.lines, continuationText(found)),
          ...example(recognition.firstStray ?? continuation.firstUnindented, ''),
        ]),
    ...(unparsed === 0 ? [] : [row(unparsed, 'not understood'), ...example(recognition.first, '')]),
    ...poorLines(checked),
  ];
}

function verdictOf({ found: { recognition }, proposal }: CheckedFiles): string {
  const { lines, stray } = recognition;
  const bad = notUnderstood(recognition);
  const regained = proposal?.regained ?? 0;
  const texts = [
    ...(bad === 0 ? [] : [`${bad} NOT UNDERSTOOD (${share(bad, lines)})`]),
    ...(bad > 0 || regained === 0 ? [] : [`${regained} PROBABLY NOT UNDERSTOOD`]),
    ...(regained > 0 || !mayBePoorlyUnderstood(recognition)
      ? []
      : [`${stray} PERHAPS NOT UNDERSTOOD (${share(stray, lines)})`]),
  ];
  return texts.length === 0 ? 'all understood' : texts.join(', ');
}

function poorLines({ files, poor, poorFiles }: CheckedFiles): string[] {
  if (files === 1 || poorFiles === 0) return [];
  const more = poorFiles > poor.length ? ` and ${poorFiles - poor.length} more` : '';
  return [`more than 20 % not understood in ${poor.join(', ')}${more}`];
}

function continuationText({ continuation: { unindented }, recognition: { stray, distant } }: FoundForms): string {
  const texts = [
    'continue the record above them',
    ...(unindented === 0 ? [] : [`${unindented} of them without indent`]),
    ...(stray === 0 ? [] : [`${stray} in no stack trace`]),
    ...(distant === 0 ? [] : [`${distant} probably not understood, so far below it`]),
  ];
  return texts.join('; ');
}

function formName({ name, wrapper }: Pick<FoundForm, 'name' | 'wrapper'>): string {
  const shown = name === 'own' ? 'pattern of ingest.sources' : name;
  return wrapper === null ? shown : `${shown} in ${wrapper}`;
}

function levelCounts({ levels }: FoundForm): string {
  const counts = levels.flatMap((count, level) => {
    if (count === 0) return [];
    return [level === Level.NONE ? `${count} without a level` : `${count} ${levelNames[level] ?? ''}`];
  });
  return counts.length === 0 ? 'header' : counts.join(', ');
}

function readAs({ first, zoneless, unstamped }: FoundForm, zone: string): string {
  if (first === null) return '';
  const level = first.level === Level.NONE ? 'no level' : levelNames[first.level];
  const time = new Date(first.time).toISOString();
  if (unstamped > 0 && zoneless === 0) return `: ${level}, no timestamp; counted at ${time}`;
  return `: ${level}, ${time}${zoneless > 0 ? `, read in zone ${zone}` : ''}`;
}

function futureNote({ future, zoneless }: FoundForm): string {
  const remedy = zoneless > 0 ? ': set the zone of its host (zone)' : ': check the clock of its host';
  return `${pluralize(future, 'timestamp')} after the last change of the file${remedy}`;
}

/** Cuts a line that would wrap, after its control characters became visible. */
function cut(line: string, width: number): string {
  const characters = Array.from(escapeControls(line));
  return characters.length <= width ? characters.join('') : `${characters.slice(0, width - 1).join('')}…`;
}

/** The proposal, or why there is none; nothing when all is understood. */
export function proposalLines({ found, proposal }: CheckedFiles): string[] {
  if (proposal !== null) {
    const { lines, understood, regained, first, yaml } = proposal;
    const level = first === null ? '' : first.level === Level.NONE ? ', no level' : `, ${levelNames[first.level]}`;
    const example =
      first === null ? [] : [`It reads line ${first.line} as ${new Date(first.time).toISOString()}${level}.`];
    return [
      `Proposed for ingest.sources: it understands ${understood} of ${pluralize(lines, 'line')}.`,
      ...example,
      ...(regained === 0 ? [] : [`${regained} of them continue a record without it.`]),
      ...(yaml.includes('(?<level>')
        ? []
        : [
            'It finds no level, so none of these lines counts as an error: add (?<level>…), and levels, where they have one.',
          ]),
      ...yaml.trimEnd().split('\n'),
    ];
  }
  if (notUnderstood(found.recognition) === 0) return [];
  return ['No format can be proposed: the lines share no timestamp.', 'docs/ingestion.md says how to write one.'];
}

function levelObject({ levels }: FoundForm): Record<string, number> {
  return Object.fromEntries(levels.map((count, level) => [levelNames[level]?.toLowerCase() ?? '', count]));
}

/** One object for `--json`. */
export function formObject({ name, files, poor, poorFiles, zone, found, proposal }: CheckedFiles): string {
  const { forms, continuation, recognition } = found;
  const { lines, unparsed, first: firstUnparsed, stray, distant, firstStray } = recognition;
  const record = (first: FoundForm['first']): object | null =>
    first === null
      ? null
      : {
          line: first.line,
          text: first.text,
          level: levelNames[first.level].toLowerCase(),
          time: new Date(first.time).toISOString(),
        };
  const shown = {
    name,
    files,
    lines,
    notUnderstood: notUnderstood(recognition),
    zone,
    forms: forms.map((form) => ({
      form: form.name,
      wrapper: form.wrapper,
      lines: form.lines,
      levels: levelObject(form),
      withoutZone: form.zoneless,
      withoutTimestamp: form.unstamped,
      future: form.future,
      first: record(form.first),
    })),
    continuation: { ...continuation, stray, distant, firstStray },
    unparsed,
    firstUnparsed,
    poorFiles,
    poor,
    proposal: proposal === null ? null : { ...proposal, first: record(proposal.first) },
  };
  return JSON.stringify({ type: 'check', check: shown });
}
