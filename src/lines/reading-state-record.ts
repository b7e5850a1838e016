import { count, finite, listAt, objectAt, oneOf, orLeftOut, orNull, text, type JsonFields } from '../json-fields';
import {
  dateOrders,
  evidences,
  type DedupMark,
  type ReadingState,
  type ShownState,
  type W3cState,
} from './reading-state';
import { initialRecognition, type ContinuationRun, type Recognition, type UnparsedLine } from './recognition';
import { decodeSketch, encodeSketch } from './repeats/sketch-record';
import { emptySketch } from './repeats/sketch';
import { dayMs } from './timestamps';

/**
 * A {@link ReadingState} as short JSON, part of a source's checkpoint.
 *
 * `newest`, `earlierNewest`, `unsketched` and `earlier` count their times from lastModified, all others from the newest (from
 * lastModified if there is none). Null means none where another value is usual. Versions before the sketch wrote no k, and
 * the hashes of lines of the newest time into n.
 *
 * | name  | is                                    | left out when                     |
 * |-------|---------------------------------------|-----------------------------------|
 * | f     | format                                | there is none                     |
 * | d     | day                                   | it is that of t                   |
 * | t     | lastTime                              | there is none                     |
 * | x     | crossing: [day, time]                 | there is none                     |
 * | h     | shown: [evidence, dateOrder, partialStreams + 4 awaitsLevel + 8 hasLevelColumn + 16 streamOrder], by index | it is null        |
 * | v     | uploaded, from lastModified           | it is lastModified, or day is null |
 * | r     | record: [time, 1 again + 2 future]    | it is of the newest time, and 0   |
 * | a     | firstTimestamp                            | there is none                     |
 * | b     | firstDay                              | equal to the day                  |
 * | n     | newest: [time]                        | there is none                     |
 * | l     | earlierNewest                         | there is none                     |
 * | k     | sketch, see `encodeSketch`            | nothing was read                  |
 * | i, y  | unsketched, earlier: [time, …hashes]  | there is none                     |
 * | p     | before: [firstTimestamp, firstDay]        | there is none                     |
 * | w     | columns: [date, time, timestamp, status, 1 when local, day] | there is none     |
 * | u     | recognition: [lines, unparsed, first.line, first.text] | no line was read; its end where it is 0 or null |
 * | s     | recognition: [distant, stray, firstStray.line, .text, run.lines, run.streak, 1 when followsTrace, run.first.line, .text] | 0 and no run; its end where there is none |
 * | c     | openCut                               | there is none                     |
 *
 * @param lastModified of the object that was read last, epoch milliseconds
 */
export function encodeReadingState(state: ReadingState, lastModified: number): object {
  const { day, lastTime, crossing, record, firstDay, newest, earlierNewest, unsketched, earlier, before, columns } =
    state;
  const base = newest ?? lastModified;
  const mark = (stamp: DedupMark): number[] => [stamp.time - lastModified, ...stamp.hashes];
  return {
    f: state.format ?? undefined,
    d: orLeftOut(day, dayOf(lastTime)),
    t: lastTime === null ? undefined : lastTime - base,
    x: crossing === null ? undefined : [crossing.day, crossing.time - base],
    h: state.shown === null ? undefined : shortShown(state.shown),
    v: state.uploaded === null || state.uploaded === lastModified ? undefined : state.uploaded - lastModified,
    r: shortRecord(record, newest, base),
    a: state.firstTimestamp ?? undefined,
    b: orLeftOut(firstDay, day),
    n: newest === null ? undefined : [newest - lastModified],
    l: earlierNewest === null ? undefined : earlierNewest - lastModified,
    k: encodeSketch(state.sketch) ?? (newest === null ? undefined : ''),
    i: unsketched === null ? undefined : mark(unsketched),
    y: earlier === null ? undefined : mark(earlier),
    p: before === null ? undefined : [before.firstTimestamp, before.firstDay],
    w: columns === null ? undefined : columnsAsList(columns),
    u: shortRecognition(state.recognition),
    s: shortStray(state.recognition),
    c: state.openCut ?? undefined,
  };
}

/** @throws Error that names the field `json` has wrong */
export function decodeReadingState(json: unknown, lastModified: number): ReadingState {
  const at = objectAt(json, 'r');
  const mark = (parent: JsonFields, name: string): DedupMark => stampMark(parent, name, lastModified);
  const newestMark = orNull(at, 'n', mark);
  const newest = newestMark?.time ?? null;
  const base = newest ?? lastModified;
  const sketch = orNull(at, 'k', text);
  const lastTime = orNull(at, 't', (parent, name) => base + finite(parent, name));
  const day = at['d'] === undefined ? dayOf(lastTime) : orNull(at, 'd', finite);
  return {
    format: orNull(at, 'f', text),
    day,
    lastTime,
    crossing: orNull(at, 'x', (parent, name) => {
      const crossing = listAt(parent, name);
      return { day: finite(crossing, 0), time: base + finite(crossing, 1) };
    }),
    shown: orNull(at, 'h', shownFrom),
    // Versions before it wrote none: they had read the object up to its end, or will read on in it.
    uploaded: day === null ? null : lastModified + (orNull(at, 'v', finite) ?? 0),
    record: recordFrom(at, newest, base),
    firstTimestamp: orNull(at, 'a', text),
    firstDay: at['b'] === undefined ? day : orNull(at, 'b', finite),
    newest,
    earlierNewest: orNull(at, 'l', (parent, name) => lastModified + finite(parent, name)),
    sketch: sketch === null || sketch === '' ? emptySketch : decodeSketch(sketch),
    unsketched: sketch === null && newestMark !== null ? newestMark : orNull(at, 'i', mark),
    earlier: orNull(at, 'y', mark),
    before: orNull(at, 'p', (parent, name) => {
      const before = listAt(parent, name);
      return { firstTimestamp: text(before, 0), firstDay: finite(before, 1) };
    }),
    columns: orNull(at, 'w', columnsFrom),
    recognition: recognitionOf(at),
    openCut: orNull(at, 'c', (parent, name) => oneOf(parent, name, ['head', 'tail', 'hole'])),
  };
}

function shortRecord(record: ReadingState['record'], newest: number | null, base: number): number[] | null | undefined {
  if (record === null) return newest === null ? undefined : null;
  const flags = (record.again ? AGAIN : 0) + (record.future ? FUTURE : 0);
  return newest !== null && record.time === newest && flags === 0 ? undefined : [record.time - base, flags];
}

function recordFrom(at: JsonFields, newest: number | null, base: number): ReadingState['record'] {
  if (at['r'] === undefined) return newest === null ? null : { time: newest, again: false, future: false };
  return orNull(at, 'r', (parent, name) => {
    const record = listAt(parent, name);
    const flags = count(record, 1);
    return { time: base + finite(record, 0), again: (flags & AGAIN) !== 0, future: (flags & FUTURE) !== 0 };
  });
}

function shortShown(shown: ShownState): number[] {
  const { evidence, dateOrder, partialStreams, streamOrder, awaitsLevel, hasLevelColumn } = shown;
  const order = dateOrder === null ? 0 : dateOrders.indexOf(dateOrder) + 1;
  const bits = partialStreams + (awaitsLevel ? AWAITS_LEVEL : 0) + (hasLevelColumn ? LEVEL_COLUMN : 0);
  return [evidences.indexOf(evidence), order, bits + streamOrder * STREAM_ORDER];
}

function shownFrom(parent: JsonFields, name: string): ShownState {
  const shown = listAt(parent, name);
  const bits = count(shown, 2);
  return {
    evidence: evidences[count(shown, 0)] ?? 'timestamps',
    dateOrder: dateOrders[count(shown, 1) - 1] ?? null,
    partialStreams: bits & (AWAITS_LEVEL - 1),
    streamOrder: Math.floor(bits / STREAM_ORDER),
    awaitsLevel: (bits & AWAITS_LEVEL) !== 0,
    hasLevelColumn: (bits & LEVEL_COLUMN) !== 0,
  };
}

function stampMark(parent: JsonFields, name: string, lastModified: number): DedupMark {
  const at = listAt(parent, name);
  return {
    time: lastModified + finite(at, 0),
    hashes: Object.keys(at)
      .slice(1)
      .map((index) => count(at, index)),
  };
}

/** The day of a wall time. Only time-only stamps keep another one. */
function dayOf(lastTime: number | null): number | null {
  return lastTime === null ? null : Math.floor(lastTime / dayMs);
}

const AGAIN = 1;
const FUTURE = 2;
const AWAITS_LEVEL = 4;
const LEVEL_COLUMN = 8;
const STREAM_ORDER = 16;

function columnsAsList({ date, time, timestamp, status, isLocal, day }: W3cState): (number | null)[] {
  return [date, time, timestamp, status, isLocal ? 1 : 0, day];
}

function columnsFrom(parent: JsonFields, name: string): W3cState {
  const list = listAt(parent, name);
  return {
    date: finite(list, 0),
    time: finite(list, 1),
    timestamp: finite(list, 2),
    status: finite(list, 3),
    isLocal: finite(list, 4) === 1,
    day: list[5] === null ? null : finite(list, 5),
  };
}

function shortRecognition({ lines, unparsed, first }: Recognition): unknown[] | undefined {
  if (lines === 0) return undefined;
  return [lines, ...(unparsed === 0 ? [] : [unparsed]), ...shortLine(first)];
}

function shortStray({ distant, stray, firstStray, run }: Recognition): unknown[] | undefined {
  if (distant === 0 && stray === 0 && run === null) return undefined;
  const counts = [distant, stray, ...(firstStray === null ? [null, null] : shortLine(firstStray))];
  if (run === null) return counts.slice(0, firstStray === null ? 2 : 4);
  return [...counts, run.lines, run.streak, run.followsTrace ? 1 : 0, ...shortLine(run.first)];
}

function shortLine(line: UnparsedLine | null): unknown[] {
  return line === null ? [] : [line.line, line.text];
}

/** The recognition of an encoded {@link ReadingState}. @throws Error that names the field `json` has wrong */
export function recognitionOf(json: unknown): Recognition {
  const at = objectAt(json, 'r');
  const counted = orNull(at, 'u', (parent, name) => {
    const list = listAt(parent, name);
    return { lines: count(list, 0), unparsed: list[1] === undefined ? 0 : count(list, 1), first: lineAt(list, 2) };
  });
  const stray = orNull(at, 's', (parent, name) => {
    const list = listAt(parent, name);
    return { distant: count(list, 0), stray: count(list, 1), firstStray: lineAt(list, 2), run: runAt(list) };
  });
  return { ...initialRecognition, ...counted, ...stray };
}

function runAt(list: JsonFields): ContinuationRun | null {
  if (list[4] === undefined) return null;
  return { lines: count(list, 4), streak: count(list, 5), followsTrace: list[6] === 1, first: lineAt(list, 7) };
}

function lineAt(list: JsonFields, index: number): UnparsedLine | null {
  if (list[index] === undefined || list[index] === null) return null;
  return { line: count(list, index), text: text(list, index + 1) };
}
