import { foldHealth, initialHealth, notAlive, notReady, type Health, type HealthEvent } from '../../src/health';

const SECOND = 1_000;
const started: HealthEvent = { type: 'started' };

function crash(at: number, more: Partial<Extract<HealthEvent, { type: 'crashed' }>> = {}): HealthEvent {
  return { type: 'crashed', part: 'counting-0', problem: 'a bug', passes: false, restarts: true, at, ...more };
}

function after(...events: readonly HealthEvent[]): Health {
  return events.reduce(foldHealth, initialHealth);
}

describe('health of a program', () => {
  const reset = new Map([['counting-0', 'reset it']]);
  const wait = { about: 'group telltale-counting', problem: 'Cannot use the group telltale-counting: refused' };
  const crashes = (n: number, more = {}): HealthEvent[] => Array.from({ length: n }, (_, i) => crash(i * SECOND, more));

  it.each<[string, HealthEvent[], number, string[], string[]]>([
    ['it starts', [], 0, ['it starts'], []],
    ['all is well', [started], 0, [], []],
    ['a part is held', [started, { type: 'held', parts: reset }], 0, ['counting-0 is held: reset it'], []],
    [
      'no part is held any more',
      [started, { type: 'held', parts: reset }, { type: 'held', parts: new Map() }],
      0,
      [],
      [],
    ],
    ['the event log waits', [started, { type: 'waits', problems: [wait] }], 0, [wait.problem], []],
    ['it waits no more', [started, { type: 'waits', problems: [wait] }, { type: 'waits', problems: [] }], 0, [], []],
    ['a part has crashed once', [started, crash(0)], SECOND, [], []],
    [
      'a part crashes again',
      [started, ...crashes(2)],
      2 * SECOND,
      ['counting-0 has restarted 2 times in 10 minutes: a bug'],
      [],
    ],
    ['it has been calm for a minute', [started, ...crashes(2)], 61 * SECOND, [], []],
    [
      'a part crashes in a loop',
      [started, ...crashes(5)],
      5 * SECOND,
      ['counting-0 has restarted 5 times in 10 minutes: a bug'],
      ['counting-0 crashes again and again: a bug'],
    ],
    [
      'an outage crashes a part in a loop',
      [started, ...crashes(5, { passes: true })],
      5 * SECOND,
      ['counting-0 has restarted 5 times in 10 minutes: a bug'],
      [],
    ],
    ['crashes are more than ten minutes apart', [started, crash(0), crash(601 * SECOND)], 602 * SECOND, [], []],
    [
      'a part has stopped permanently',
      [started, crash(0, { restarts: false })],
      3_600 * SECOND,
      ['counting-0 has stopped: a bug'],
      ['counting-0 has stopped: a bug'],
    ],
  ])('%s', (_, events, now, ready, alive) => {
    const health = after(...events);
    expect(notReady(health, now)).toEqual(ready);
    expect(notAlive(health, now)).toEqual(alive);
  });

  it('tells the crashes of parts apart', () => {
    const health = after(started, crash(0), crash(1, { part: 'alerting-0' }), crash(2, { part: 'mailer' }));
    expect(notReady(health, 3)).toEqual([]);
  });
});
