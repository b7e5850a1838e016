import { countOr, numberOr, objectOr, objectsIn, parseObject, stringOr, type JsonObject } from './json';
import type {
  LevelCounts,
  LevelPatterns,
  NotUnderstood,
  PatternCount,
  PatternSample,
  SampleLine,
  WindowRecord,
} from './window-record';

/** The length of a window whose record has no `windowEnd`: the default of `window`. */
const defaultWindowMs = 60_000;

/**
 * Reads a record of topic `windows` by any writer. Required are `origin` and `windowStart` in the key and `counts` in the
 * value. A missing counter is 0, `windowEnd` is a minute later, `lines` is the sum; other missing fields are empty or unknown
 * (`complete` false). A field of the wrong type counts as missing, except `counts`.
 * @returns null if it is not a window record
 */
export function parseWindowRecord(key: Buffer, value: Buffer): WindowRecord | null {
  const place = parseWindowKey(key);
  const body = parseObject(value);
  const counts = countsOf(body?.['counts']);
  if (place === null || body === null || counts === null) return null;

  const { origin, start } = place;
  const end = timeOf(body['windowEnd']) ?? start + defaultWindowMs;
  const continuation = countOr(body['continuation'], 0);
  const unparsed = countOr(body['unparsed'], 0);
  const { error, warn, info, debug, none } = counts;
  const notUnderstood = objectsIn(body['notUnderstood']).flatMap(notUnderstoodOf);
  return {
    v: 1,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(end > start ? end : start + defaultWindowMs).toISOString(),
    origin,
    counts,
    continuation,
    unparsed,
    lines: error + warn + info + debug + none + continuation + unparsed,
    again: countOr(body['again'], 0),
    future: countOr(body['future'], 0),
    expired: countOr(body['expired'], 0),
    gaps: countOr(body['gaps'], 0),
    newest: numberOr(body['newest'], null),
    watermark: numberOr(body['watermark'], null),
    idle: body['idle'] === true,
    revision: countOr(body['revision'], 1),
    complete: body['complete'] === true,
    ...patternsOf(body),
    ...levelsOf(body['levels']),
    ...(notUnderstood.length === 0 ? {} : { notUnderstood }),
    engine: stringOr(body['engine'], 'unknown'),
  };
}

function patternsOf(body: JsonObject): LevelPatterns {
  return {
    patterns: objectsIn(body['patterns']).flatMap(patternOf),
    otherPatterns: countOr(body['otherPatterns'], 0),
    samples: objectsIn(body['samples']).flatMap(patternSampleOf),
  };
}

function levelsOf(value: unknown): Pick<WindowRecord, 'levels'> {
  const levels = objectOr(value, null);
  if (levels === null) return {};
  const read = (['warn', 'info', 'debug'] as const).flatMap((name) => {
    const patterns = objectOr(levels[name], null);
    return patterns === null ? [] : [[name, patternsOf(patterns)] as const];
  });
  return read.length === 0 ? {} : { levels: Object.fromEntries(read) };
}

/** Reads the key of a window's record. @returns null if it is not one; `start` is epoch milliseconds */
export function parseWindowKey(key: Buffer): { readonly origin: string; readonly start: number } | null {
  const parts = parseObject(key);
  const origin = stringOr(parts?.['origin'], null);
  const start = timeOf(parts?.['windowStart']);
  return origin === null || start === null ? null : { origin, start };
}

export type WindowReader = typeof parseWindowRecord;

/** {@link parseWindowRecord} for a replay: parses a record once, though both alerting and the results read it. */
export function createWindowReader(): WindowReader {
  const known = new WeakMap<Buffer, WindowRecord | null>();
  return (key, value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const window = parseWindowRecord(key, value);
    known.set(value, window);
    return window;
  };
}

function countsOf(value: unknown): LevelCounts | null {
  const counts = objectOr(value, null);
  if (counts === null) return null;
  const of = (level: keyof LevelCounts): number => countOr(counts[level] ?? 0, NaN);
  const read = { error: of('error'), warn: of('warn'), info: of('info'), debug: of('debug'), none: of('none') };
  return Object.values(read).some(Number.isNaN) ? null : read;
}

/** An ISO 8601 time with its zone: without one, its meaning would depend on the machine that reads it. */
function timeOf(value: unknown): number | null {
  const text = stringOr(value, '');
  const time = /^[+-]?\d{4,6}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? null : time;
}

function patternOf(value: JsonObject): PatternCount[] {
  const pattern = stringOr(value['pattern'], null);
  const count = countOr(value['count'], null);
  return pattern === null || count === null ? [] : [{ pattern, count }];
}

function sampleOf(value: JsonObject): SampleLine[] {
  const source = stringOr(value['source'], null);
  const at = stringOr(value['at'], null);
  const text = stringOr(value['text'], null);
  return source === null || at === null || text === null ? [] : [{ source, at, text }];
}

function patternSampleOf(value: JsonObject): PatternSample[] {
  const pattern = countOr(value['pattern'], null);
  return sampleOf(value).map((line) => (pattern === null ? line : { ...line, pattern }));
}

function notUnderstoodOf(value: JsonObject): NotUnderstood[] {
  const unparsed = countOr(value['unparsed'], 0);
  return unparsed === 0 ? [] : sampleOf(value).map((first) => ({ ...first, unparsed }));
}
