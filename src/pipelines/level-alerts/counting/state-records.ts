import type { Output } from '../../../stream/job';
import type { KeptError } from './count-errors';
import { newOrigin, type CountingState, type Origin } from './counting-state';
import { isBoolean, isListOf, isNumber, isObjectOf, isOneOf, parseJson, type Guard } from '../../../stream/shape';
import { addRange } from './evicted-ranges';
import { countOr, numberOr, objectOr, objectsIn, parseObject, stringOr, type JsonObject } from './json';
import { Level } from '../../../lines/line-batch';
import type { Sample } from './samples';
import { isTraceLanguage, type TraceLanguage } from './traces/trace';
import { timeOrNull } from './window';

/**
 * Records of topic `counting-state`: the state of counting besides its windows, one record per key.
 *
 * | key | value |
 * |---|---|
 * | `{"origin":…}` | {v, since, watermark, lastArrival, arrival, idle, evicted[{from, to}]} |
 * | `{"openErrorOf":…}`, a source | {v, generation, windowStart, pattern, arrival}, and the fields of `Trace` |
 *
 * A tombstone says that an origin was evicted, or that an error is not open any more.
 */
export const stateTopic = 'counting-state';

/** Takes the records of all changes since the last call. */
export function takeStateRecords(state: CountingState): Output[] {
  const { unwritten, origins, openErrors, writtenErrors, now } = state;
  const outputs: Output[] = [];
  const put = (key: object, value: object | null): void => {
    const bytes = value === null ? null : Buffer.from(JSON.stringify(value));
    outputs.push({ topic: stateTopic, key: Buffer.from(JSON.stringify(key)), value: bytes, timestamp: now });
  };
  for (const name of unwritten.origins) {
    const origin = origins.get(name);
    put({ origin: name }, origin === undefined ? null : originValue(origin));
  }
  for (const source of unwritten.openErrors) {
    const open = openErrors.get(source);
    if (open !== undefined) put({ openErrorOf: source }, errorValue(open));
    else if (writtenErrors.has(source)) put({ openErrorOf: source }, null);
    if (open !== undefined) writtenErrors.add(source);
    else writtenErrors.delete(source);
  }
  unwritten.origins.clear();
  unwritten.openErrors.clear();
  return outputs;
}

/** Restores one record; called in the order of the topic. @returns false for one that this version cannot read */
export function restoreStateRecord(
  state: CountingState,
  { key, value }: { readonly key: Buffer | null; readonly value: Buffer | null },
): boolean {
  const names = key === null ? null : parseObject(key);
  const origin = stringOr(names?.['origin'], null);
  const source = stringOr(names?.['openErrorOf'], null);
  if (origin !== null) {
    const body = value === null ? null : parseJson(value, isOriginValue);
    state.origins.delete(origin);
    if (body !== null) state.origins.set(origin, originFrom(origin, body));
    return value === null || body !== null;
  }
  if (source === null) return false;
  const body = value === null ? null : parseJson(value, isErrorValue);
  state.openErrors.delete(source);
  state.writtenErrors.delete(source);
  if (body === null) return value === null;
  state.openErrors.set(source, errorFrom(body));
  state.writtenErrors.add(source);
  return true;
}

/** The fields that every version has written. Without them, an origin or an error would get a wrong state. */
const isOriginValue: Guard<JsonObject> = isObjectOf({
  v: isOneOf(1),
  lastArrival: isNumber,
  arrival: isNumber,
  idle: isBoolean,
  evicted: isListOf(isObjectOf({ from: isNumber, to: isNumber })),
});
const isErrorValue: Guard<JsonObject> = isObjectOf({
  v: isOneOf(1),
  generation: isNumber,
  windowStart: isNumber,
  arrival: isNumber,
});

/**
 * Sorts restored origins and open errors by their last arrival: timers fire, and open errors are dropped, in that order.
 * The topic's order differs: an origin's record also changes without an arrival.
 */
export function orderByArrival(state: CountingState): void {
  const origins = [...state.origins.values()].filter(({ arrival }) => arrival > 0).sort(byArrival);
  state.awake.clear();
  state.idle.clear();
  for (const origin of origins) (origin.idle ? state.idle : state.awake).add(origin);
  const open = [...state.openErrors].sort(([, a], [, b]) => byArrival(a, b));
  state.openErrors.clear();
  for (const [source, error] of open) state.openErrors.set(source, error);
  state.arrivals = Math.max(0, origins.at(-1)?.arrival ?? 0, open.at(-1)?.[1].arrival ?? 0);
}

function byArrival(a: { readonly arrival: number }, b: { readonly arrival: number }): number {
  return a.arrival - b.arrival;
}

function originValue({ since, watermark, lastArrival, arrival, idle, evicted }: Origin): object {
  return { v: 1, since: timeOrNull(since), watermark: timeOrNull(watermark), lastArrival, arrival, idle, evicted };
}

/** Reads an origin's fields, also those of a head of version 1, which had no `since` and called its evicted ranges `dropped`. */
export function originFrom(name: string, body: JsonObject): Origin {
  const origin = newOrigin(name);
  origin.since = numberOr(body['since'], -Infinity);
  origin.watermark = numberOr(body['watermark'], -Infinity);
  origin.lastArrival = numberOr(body['lastArrival'], 0);
  origin.arrival = countOr(body['arrival'], 0);
  origin.idle = body['idle'] === true;
  for (const range of objectsIn(body['evicted'] ?? body['dropped'])) {
    origin.evicted = addRange(origin.evicted, { from: numberOr(range['from'], 0), to: numberOr(range['to'], 0) });
  }
  return origin;
}

function errorValue({ generation, windowStart, pattern, trace, level, sample, arrival }: KeptError): object {
  return { v: 1, generation, windowStart, pattern, ...trace, level, sample, arrival };
}

export function errorFrom(body: JsonObject): KeptError {
  return {
    generation: countOr(body['generation'], 0),
    windowStart: numberOr(body['windowStart'], 0),
    pattern: stringOr(body['pattern'], null),
    trace: {
      guess: stringOr(body['guess'], null),
      type: stringOr(body['type'], null),
      frame: stringOr(body['frame'], null),
      // Before other languages were read, there was `python`.
      language: languageOr(body['language'], body['python'] === true ? 'python' : ''),
      best: stringOr(body['best'], null),
      pending: stringOr(body['pending'], null),
      skipFrom: numberOr(body['skipFrom'], -1),
      closed: body['closed'] === true,
    },
    level: levelOf(body['level']),
    sample: sampleOf(body['sample']),
    arrival: countOr(body['arrival'], 0),
  };
}

function languageOr(value: unknown, otherwise: TraceLanguage): TraceLanguage {
  return isTraceLanguage(value) ? value : otherwise;
}

/** Earlier versions counted patterns of ERROR lines only. */
function levelOf(value: unknown): Level {
  return value === Level.WARN || value === Level.INFO || value === Level.DEBUG ? value : Level.ERROR;
}

function sampleOf(value: unknown): Sample | null {
  const body = objectOr(value, null);
  const source = stringOr(body?.['source'], null);
  const text = stringOr(body?.['text'], null);
  if (body === null || source === null || text === null) return null;
  return { source, generation: countOr(body['generation'], 0), offset: countOr(body['offset'], 0), text };
}
