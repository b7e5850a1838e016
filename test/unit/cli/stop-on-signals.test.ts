import { EventEmitter } from 'node:events';
import { stopOnSignals } from '../../../src/cli/stop-on-signals';

describe('stopOnSignals', () => {
  let now: number;
  let source: EventEmitter;
  let givenUp: number;
  let stop: AbortSignal;
  beforeEach(() => {
    now = 1000;
    givenUp = 0;
    source = new EventEmitter();
    stop = stopOnSignals(source, () => now, () => givenUp++); // prettier-ignore
  });

  it.each(['SIGINT', 'SIGTERM'])('%s drains the first time and ends the process the second time', (name) => {
    expect(stop.aborted).toBe(false);
    source.emit(name);
    expect([stop.aborted, givenUp]).toEqual([true, 0]);
    now += 201;
    source.emit(name);
    expect(givenUp).toBe(1);
  });

  it('counts a signal once when npm forwards one that the terminal already sent', () => {
    source.emit('SIGINT');
    now += 5;
    source.emit('SIGINT');
    expect(givenUp).toBe(0);
  });

  it('ends the process when a different signal follows at once', () => {
    source.emit('SIGINT');
    source.emit('SIGTERM');
    expect(givenUp).toBe(1);
  });
});
