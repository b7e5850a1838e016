import { unreadableHead } from '../../../stream/head-envelope';
import { emptyState, type CountingOptions, type CountingState } from './counting-state';
import { numberOr, objectsIn, parseObject, stringOr, type JsonObject } from './json';
import { stateTopic, errorFrom, originFrom } from './state-records';

/** The head of counting: {v: 2, now}. All else is in its windows and in topic `counting-state`. */
export function encodeHead({ now }: CountingState): Buffer {
  return Buffer.from(JSON.stringify({ v: 2, now }));
}

/**
 * The state that a head describes, before its records are restored.
 * @throws RESET_NEEDED when no known version wrote it: starting over would count everything twice
 */
export function decodeHead(bytes: Buffer, options: CountingOptions): CountingState {
  const head = parseObject(bytes);
  const windows = { topic: 'windows', from: 0 };
  switch (head?.['v']) {
    case 1:
      return fromVersion1(head, emptyState(options, [windows]));
    case 2: {
      const state = emptyState(options, [{ topic: stateTopic, from: 0 }, windows]);
      state.now = numberOr(head['now'], 0);
      return state;
    }
    default:
      throw unreadableHead('counting');
  }
}

/**
 * A head of version 1 holds origins and open errors itself, in order of their last arrival. The first flush writes them to
 * `counting-state`.
 */
function fromVersion1(head: JsonObject, state: CountingState): CountingState {
  state.now = numberOr(head['now'], 0);
  for (const body of objectsIn(head['origins'])) {
    const name = stringOr(body['origin'], '');
    state.origins.set(name, { ...originFrom(name, body), arrival: ++state.arrivals });
    state.unwritten.origins.add(name);
  }
  for (const body of objectsIn(head['openErrors'])) {
    const source = stringOr(body['source'], '');
    state.openErrors.set(source, { ...errorFrom(body), arrival: ++state.arrivals });
    state.unwritten.openErrors.add(source);
  }
  return state;
}
