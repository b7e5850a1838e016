import { TelltaleError } from '../../../errors';
import type { OpenError } from './count-errors';
import { emptyState, originOf, type CountingOptions, type CountingState, type Origin } from './counting-state';
import { addRun } from './dropped-runs';
import { countOr, numberOr, objectsIn, parseObject, stringOr } from './json';
import { timeOrNull } from './window';

/**
 * The head of counting: what it knows besides its window records. JSON:
 * {v, now, origins[{origin, watermark, lastArrival, idle, dropped[{from, to}]}], openErrors[{source,
 * generation, windowStart, pattern, guess, type, frame, python}]}. Origins come in order of their last arrival, open errors in order of their
 * last line: the orders in which timers fire and open errors are given up.
 */
export function encodeHead(state: CountingState): Buffer {
  const idle = [...state.origins.values()].filter((origin) => !state.awake.has(origin));
  const head = {
    v: 1,
    now: state.now,
    origins: [...idle, ...state.awake].map((origin) => ({
      origin: origin.name,
      watermark: timeOrNull(origin.watermark),
      lastArrival: origin.lastArrival,
      idle: origin.idle,
      dropped: origin.dropped,
    })),
    openErrors: Array.from(state.openErrors, ([source, { trace, ...open }]) => ({ source, ...open, ...trace })),
  };
  return Buffer.from(JSON.stringify(head));
}

/**
 * The state that a head tells of, without its windows.
 * @throws INTERNAL when it is no head of this version: going on from nothing would count everything twice
 */
export function decodeHead(bytes: Buffer, options: CountingOptions): CountingState {
  const head = parseObject(bytes);
  if (head?.['v'] !== 1) {
    throw new TelltaleError(
      'INTERNAL',
      'The head record of counting in topic state is not one of version 1; run the version of Telltale that wrote it.',
    );
  }
  const state = emptyState(options);
  state.now = numberOr(head['now'], 0);
  for (const value of objectsIn(head['origins'])) {
    const origin: Origin = originOf(state, stringOr(value['origin'], ''));
    origin.watermark = numberOr(value['watermark'], -Infinity);
    origin.lastArrival = numberOr(value['lastArrival'], 0);
    origin.idle = value['idle'] === true;
    for (const run of objectsIn(value['dropped'])) {
      origin.dropped = addRun(origin.dropped, { from: numberOr(run['from'], 0), to: numberOr(run['to'], 0) });
    }
    if (!origin.idle) state.awake.add(origin);
  }
  for (const value of objectsIn(head['openErrors'])) {
    const open: OpenError = {
      generation: countOr(value['generation'], 0),
      windowStart: numberOr(value['windowStart'], 0),
      pattern: stringOr(value['pattern'], null),
      trace: {
        guess: stringOr(value['guess'], null),
        type: stringOr(value['type'], null),
        frame: stringOr(value['frame'], null),
        python: value['python'] === true,
      },
    };
    state.openErrors.set(stringOr(value['source'], ''), open);
  }
  return state;
}
