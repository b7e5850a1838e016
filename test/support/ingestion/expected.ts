import type { Committed, CommittedLine } from './committed';
import type { Content } from './files';

/** An event of one source. `certain`: the source is checked before the next event. */
export type Happening =
  | { readonly type: 'put'; readonly etag: string; readonly content: Content; certain: boolean }
  | { readonly type: 'deleted'; certain: boolean };

export interface Rules {
  /** Every content is read to its end. Otherwise replaced content may be lost, or its end. */
  readonly versioned: boolean;
  readonly maxLineBytes: number;
}

/** A line, and the position of the next one. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly next: number;
  readonly cut: string;
}

/** A possible state of a source. */
interface Situation {
  readonly generation: number;
  /** The bytes read of the generation. */
  readonly bytes: Buffer;
  readonly encoding: Content['encoding'];
  /** After these bytes its torn line was published, because the source had ended. */
  readonly cuts: readonly number[];
  /** Null before anything could be read. */
  readonly read: { readonly etag: string; readonly whole: boolean } | null;
  readonly quarantine: ReadonlySet<string>;
}

const untouched: Situation = {
  generation: 0,
  bytes: Buffer.alloc(0),
  encoding: 'plain',
  cuts: [],
  read: null,
  quarantine: new Set(),
};

const BOM = Buffer.from('\ufeff');
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Compares the committed state of a source with all allowed ones, when everything is idle.
 * @returns the difference, or null
 */
export function problemOf(happenings: readonly Happening[], committed: Committed, rules: Rules): string | null {
  return new Comparison(committed, rules).run(happenings);
}

/** What the topic shows of a situation. */
interface Shown {
  /** Lines that the situation has. */
  readonly lines: number;
  /** Bytes of the situation, from its start, whose lines the topic has. */
  readonly bytes: number;
  /** The first difference; null when the topic has all of its lines. */
  readonly disagreement: string | null;
}

/**
 * Follows all possible states that agree with the topic. After hundreds of events, hundreds of states lead to the same
 * ones: each state is compared with the topic once.
 */
class Comparison {
  /** The last difference to the topic. */
  private disagreement = 'the topic holds more than was uploaded';
  private readonly compared = new Map<string, Shown>();

  constructor(
    private readonly committed: Committed,
    private readonly rules: Rules,
  ) {}

  run(happenings: readonly Happening[]): string | null {
    const [disorder] = this.committed.disorder;
    if (disorder !== undefined) return `not in order: ${disorder}`;
    let situations = [untouched];
    for (const [i, happening] of happenings.entries()) {
      const next = distinct(situations.flatMap((one) => this.after(one, happening))).filter((one) => this.agrees(one));
      if (next.length === 0) return `${happening.type} ${i + 1} of ${happenings.length}: ${this.disagreement}`;
      situations = next;
    }
    return situations.some((one) => this.isAll(one)) ? null : `in the end: ${this.disagreement}`;
  }

  private after(one: Situation, happening: Happening): Situation[] {
    const skipped = happening.certain ? [] : [one];
    if (happening.type === 'deleted') return [...skipped, withTailCut(one)];
    const { etag, content } = happening;
    const looked = this.look(one, etag, content);
    if (happening.certain) return looked;
    return [...skipped, ...looked, ...looked.flatMap((next) => this.cutShort(one, next))];
  }

  private look(one: Situation, etag: string, content: Content): Situation[] {
    const { read, bytes } = one;
    if (read?.etag === etag && read.whole) return [one];
    // A gzip is identified by its content, anything else by its bytes.
    const base = one.encoding === 'gzip' ? content.text : content.stored;
    const goesOn = base.subarray(0, bytes.length).equals(bytes);
    const isOpened = bytes.length === 0 || !goesOn || one.encoding === 'gzip';
    if (isOpened && content.broken !== null) {
      return [{ ...one, quarantine: new Set([...one.quarantine, `${etag} ${content.broken}`]) }];
    }
    const now = { ...one, bytes: content.text, encoding: content.encoding, read: { etag, whole: true } };
    if (goesOn) return [now];
    if (!this.isOver(withTailCut(one))) return [];
    return [{ ...now, generation: one.generation + 1, cuts: [] }];
  }

  /** It was replaced before all of it was committed: as much as the topic shows, or only the end of the content before. */
  private cutShort(before: Situation, after: Situation): Situation[] {
    if (after.read === before.read || after.read === null) return [];
    const isNext = after.generation !== before.generation;
    const bytes = after.bytes.subarray(0, this.shownOf(after).bytes);
    const isMore = bytes.length > (isNext ? 0 : before.bytes.length);
    return [
      ...(isMore ? [{ ...after, bytes, read: { etag: after.read.etag, whole: false } }] : []),
      ...(isNext ? [withTailCut(before)] : []),
    ];
  }

  /** True when the topic holds these lines, and perhaps more of the generation. */
  private agrees(one: Situation): boolean {
    const { disagreement: found } = this.shownOf(one);
    if (found !== null) this.disagreement = found;
    return found === null;
  }

  /** True when it holds these lines and no others of the generation. */
  private isOver(one: Situation): boolean {
    if (!this.agrees(one)) return false;
    const lines = this.linesOf(one.generation);
    const { lines: length } = this.shownOf(one);
    if (lines.length === length) return true;
    this.disagreement = disagreement(one, undefined, lines[length], length);
    return false;
  }

  private isAll(one: Situation): boolean {
    if (!this.isOver(one)) return false;
    const { lines, quarantine } = this.committed;
    const seen = [...new Set(quarantine)].sort().join(', ');
    const expected = [...one.quarantine].sort().join(', ');
    if (seen !== expected) this.disagreement = `in quarantine are ${seen}, and should be ${expected}`;
    if (lines.length - 1 > one.generation) this.disagreement = `a generation behind ${one.generation}`;
    return seen === expected && lines.length - 1 <= one.generation;
  }

  private shownOf(one: Situation): Shown {
    const name = nameOf(one);
    const known = this.compared.get(name);
    if (known !== undefined) return known;
    const lines = this.linesOf(one.generation);
    const places = placesOf(one, this.rules);
    const wrong = places.findIndex((place, i) => !isAt(lines[i], place, one.bytes));
    const last = places[(wrong === -1 ? places.length : wrong) - 1];
    const shown = {
      lines: places.length,
      bytes: last?.next ?? 0,
      disagreement: wrong === -1 ? null : disagreement(one, places[wrong], lines[wrong], wrong),
    };
    this.compared.set(name, shown);
    return shown;
  }

  private linesOf(generation: number): readonly CommittedLine[] {
    return this.committed.lines[generation] ?? [];
  }
}

function withTailCut(one: Situation): Situation {
  const { length } = one.bytes;
  const isTorn = length > 0 && one.bytes[length - 1] !== LINE_FEED && !one.cuts.includes(length);
  return isTorn ? { ...one, cuts: [...one.cuts, length] } : one;
}

/** The published lines of a generation. */
function placesOf({ bytes, cuts }: Situation, { maxLineBytes }: Rules): Place[] {
  const places: Place[] = [];
  let start = bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  let isRest = false;
  while (start < bytes.length) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    const lineEnd = lineFeed === -1 ? bytes.length : lineFeed + 1;
    const from = start;
    const tornAt = cuts.find((at) => at > from && (at < lineEnd || (at === lineEnd && lineFeed === -1)));
    const textEnd = lineFeed > start && bytes[lineFeed - 1] === CARRIAGE_RETURN ? lineFeed - 1 : lineFeed;
    const end = tornAt ?? (lineFeed === -1 ? bytes.length : textEnd);
    if (end - start > maxLineBytes) {
      places.push({ start, end: start + maxLineBytes, next: lineEnd, cut: isRest ? 'rest' : 'head' });
      start = lineEnd;
      isRest = false;
    } else if (tornAt !== undefined) {
      places.push({ start, end, next: tornAt, cut: isRest ? 'rest' : 'tail' });
      start = tornAt;
      isRest = true;
    } else if (lineFeed === -1) {
      break;
    } else {
      // When the text of a line was published already, its terminator makes no record.
      if (!isRest || end > start) places.push({ start, end, next: lineEnd, cut: isRest ? 'rest' : '' });
      start = lineEnd;
      isRest = false;
    }
  }
  return places;
}

function isAt(line: CommittedLine | undefined, { start, end, cut }: Place, bytes: Buffer): boolean {
  if (line === undefined || line.offset !== start || line.cut !== cut) return false;
  return line.value.equals(bytes.subarray(start, end));
}

function disagreement(
  { generation, bytes }: Situation,
  expected: Place | undefined,
  found: CommittedLine | undefined,
  n: number,
): string {
  const say = (offset: number, value: Buffer, cut: string): string =>
    `${generation}:${offset} ${JSON.stringify(value.toString('utf8', 0, 60))}${cut && ` cut=${cut}`} (${value.length} bytes)`;
  const should = expected && say(expected.start, bytes.subarray(expected.start, expected.end), expected.cut);
  const is = found && say(found.offset, found.value, found.cut);
  return `line ${n} of generation ${generation} should be ${should ?? 'none'}, the topic has ${is ?? 'none'}`;
}

function distinct(situations: readonly Situation[]): Situation[] {
  return [...new Map(situations.map((one) => [nameOf(one), one])).values()];
}

/** Equal for equal situations: the content and the length say which bytes were read. */
function nameOf({ generation, encoding, cuts, read, bytes, quarantine }: Situation): string {
  return JSON.stringify([generation, encoding, cuts, read, bytes.length, [...quarantine]]);
}
