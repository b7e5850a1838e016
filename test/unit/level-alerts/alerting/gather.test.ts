import fc from 'fast-check';
import { runs } from '../../../support/runs';
import {
  gather,
  gatheredAt,
  type Channel,
  type DueMessage,
  type Gathered,
  type Moment,
} from '../../../../src/pipelines/level-alerts/alerting/gather';

const minute = 60_000;
const mail = { name: 'mail', holdsAlerts: false };
const slack = { name: 'slack', holdsAlerts: false };
const pager = { name: 'pager', holdsAlerts: true };

function due(incident: string, changes: Partial<DueMessage<string>> = {}): DueMessage<string> {
  return {
    incident,
    kind: 'errors opened',
    isPast: false,
    isOpen: false,
    waits: false,
    recipients: [mail],
    ...changes,
  };
}

function moment(changes: Partial<Moment<string>>): Moment<string> {
  return {
    now: 100 * minute,
    due: [],
    owed: new Map(),
    channels: new Map(),
    cap: { messages: 3, within: 10 * minute },
    isLast: false,
    ...changes,
  };
}

/** The messages to each receiver: `mail a`, `mail cap a+b`, `mail owed c`. */
function shown({ singles, summaries, owed }: Gathered<string>): string[] {
  return [
    ...singles.flatMap(({ message, receivers }) => receivers.map((name) => `${name} ${message.incident}`)),
    ...summaries.flatMap(({ cause, incidents, receivers }) =>
      receivers.map((name) => `${name} ${cause} ${incidents.join('+')}`),
    ),
    ...[...owed].map(([name, incidents]) => `${name} owed ${[...incidents].join('+')}`),
  ].sort();
}

const past = { isPast: true };
const lasts = { isPast: true, isOpen: true };
const waits = { waits: true };

describe('gather', () => {
  it.each<[string, readonly DueMessage<string>[], readonly string[]]>([
    ['one message', [due('a')], ['mail a']],
    ['several messages', [due('a'), due('b')], ['mail a', 'mail b']],
    ['one about the past', [due('a', past)], ['mail a']],
    [
      'several about the past, of any rule',
      [due('a', past), due('b', { ...past, kind: 'other over' })],
      ['mail backlog a+b'],
    ],
    ['some about the past', [due('a', past), due('b'), due('c', past)], ['mail b', 'mail backlog a+c']],
    ['several of a rule that waits', [due('a', waits), due('b', waits)], ['mail together a+b']],
    [
      'several of two kinds, of rules that wait',
      [due('a', waits), due('b', { ...waits, kind: 'errors resolved' })],
      ['mail a', 'mail b'],
    ],
    [
      'several of a rule that waits, for a receiver that holds alerts',
      [due('a', { ...waits, recipients: [mail, pager] }), due('b', { ...waits, recipients: [mail, pager] })],
      ['mail together a+b', 'pager a', 'pager b'],
    ],
    [
      'several about the past, for a receiver that holds alerts',
      [due('a', { ...past, recipients: [pager] }), due('b', { ...past, recipients: [pager] })],
      ['pager backlog a+b'],
    ],
    ['one about a past that lasts', [due('a', lasts)], ['mail backlog a']],
    [
      'some about a past that lasts, for a receiver that holds alerts',
      [due('a', { ...lasts, recipients: [mail, pager] }), due('b', { ...past, recipients: [mail, pager] })],
      ['mail backlog a+b', 'pager a', 'pager b'],
    ],
    [
      'several about the past, for receivers that get different ones',
      [
        due('a', { ...past, recipients: [mail, slack] }),
        due('b', { ...past, recipients: [mail] }),
        due('c', { ...past, recipients: [mail, slack] }),
        due('d', { ...past, recipients: [slack] }),
      ],
      ['mail backlog a+b+c', 'slack backlog a+c+d'],
    ],
    ['as many as the cap', [due('a'), due('b'), due('c')], ['mail a', 'mail b', 'mail c']],
    ['more than the cap', [due('a'), due('b'), due('c'), due('d')], ['mail cap a+b+c+d']],
    [
      'more than the cap, of which some are one message',
      [due('a', past), due('b', past), due('c'), due('d')],
      ['mail backlog a+b', 'mail c', 'mail d'],
    ],
    [
      'more than the cap for a receiver that holds alerts',
      ['a', 'b', 'c', 'd'].map((each) => due(each, { recipients: [pager] })),
      ['pager a', 'pager b', 'pager c', 'pager d'],
    ],
  ])('makes of %s', (_, messages, expected) => {
    expect(shown(gather(moment({ due: messages })))).toEqual(expected);
  });

  it('sends one summary to receivers that get the same incidents', () => {
    const recipients = [mail, slack];
    const { summaries } = gather(
      moment({ due: [due('a', { ...past, recipients }), due('b', { ...past, recipients })] }),
    );
    expect(summaries).toEqual([{ cause: 'backlog', incidents: ['a', 'b'], receivers: ['mail', 'slack'] }]);
  });

  it.each<[string, Channel | undefined, readonly string[], readonly string[], number | null]>([
    ['sent nothing', undefined, [], ['mail a'], null],
    ['less than the cap', { sent: [95, 96], gatherUntil: 0 }, [], ['mail a'], null],
    ['as many as the cap', { sent: [91, 95, 96], gatherUntil: 0 }, [], ['mail owed a'], 101],
    ['as many as the cap, but one just long enough ago', { sent: [90, 95, 96], gatherUntil: 0 }, [], ['mail a'], null],
    ['gathering', { sent: [99], gatherUntil: 109 }, ['b'], ['mail owed b+a'], 109],
    ['done gathering', { sent: [90], gatherUntil: 100 }, ['b', 'c'], ['mail cap b+c+a'], null],
    ['done gathering one incident', { sent: [90], gatherUntil: 100 }, ['a'], ['mail cap a'], null],
    ['gathering, and the clock was ahead', { sent: [500], gatherUntil: 510 }, ['b'], ['mail owed b+a'], 110],
  ])('heeds the latest messages to a receiver: %s', (_, channel, owed, expected, gathersUntil) => {
    const channels = new Map(
      channel === undefined
        ? []
        : [['mail', { sent: channel.sent.map((at) => at * minute), gatherUntil: channel.gatherUntil * minute }]],
    );
    const result = gather(
      moment({ due: [due('a')], owed: new Map(owed.length > 0 ? [['mail', owed]] : []), channels }),
    );
    expect(shown(result)).toEqual(expected);
    if (gathersUntil !== null) {
      expect(result.channels.get('mail')?.gatherUntil).toBe(gathersUntil * minute);
      expect(gatheredAt(result.owed.keys(), result.channels)).toBe(gathersUntil * minute);
    } else expect(gatheredAt(result.owed.keys(), result.channels)).toBe(Infinity);
  });

  it('gathers for the time of the cap after a summary of too many', () => {
    const first = gather(moment({ due: ['a', 'b', 'c', 'd'].map((each) => due(each)) }));
    expect(first.channels.get('mail')).toEqual({ sent: [100 * minute], gatherUntil: 110 * minute });
    const second = gather(moment({ now: 101 * minute, due: [due('e')], channels: first.channels }));
    expect(shown(second)).toEqual(['mail owed e']);
  });

  it('keeps no message when no other moment comes', () => {
    const owed = new Map([['mail', ['b']]]);
    const channels = new Map([['mail', { sent: [95, 96, 97].map((at) => at * minute), gatherUntil: 105 * minute }]]);
    expect(shown(gather(moment({ owed, channels, isLast: true })))).toEqual(['mail cap b']);
    expect(shown(gather(moment({ due: [due('a')], channels, isLast: true })))).toEqual(['mail cap a']);
  });

  it('leaves no incident out, and sends no receiver more than its cap in any time of the cap', () => {
    const step = fc.record({
      wait: fc.nat(12 * minute),
      due: fc.uniqueArray(
        fc.record({
          incident: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
          kind: fc.constantFrom('errors opened', 'errors resolved'),
          isPast: fc.boolean(),
          isOpen: fc.boolean(),
          waits: fc.boolean(),
          recipients: fc.subarray([mail, slack, pager], { minLength: 1 }),
        }),
        { selector: ({ incident }) => incident },
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let now = 0;
        let owed: Gathered<string>['owed'] = new Map();
        let channels: Gathered<string>['channels'] = new Map();
        const sent = new Map<string, number[]>();
        const turn = (messages: readonly DueMessage<string>[], isLast = false): void => {
          const owing = new Map([...owed].map(([name, incidents]) => [name, [...incidents]]));
          const result = gather(moment({ now, due: messages, owed: owing, channels, isLast }));
          for (const { name } of [mail, slack, pager]) {
            const told = [
              ...result.singles
                .filter(({ receivers }) => receivers.includes(name))
                .map(({ message }) => message.incident),
              ...result.summaries
                .filter(({ receivers }) => receivers.includes(name))
                .flatMap(({ incidents }) => incidents),
            ];
            const wanted = messages
              .filter(({ recipients }) => recipients.some((each) => each.name === name))
              .map(({ incident }) => incident);
            const before = owed.get(name) ?? [];
            expect(new Set([...told, ...(result.owed.get(name) ?? [])])).toEqual(new Set([...before, ...wanted]));
            expect(new Set(told).size).toBe(told.length);
            const count =
              result.singles.filter(({ receivers }) => receivers.includes(name)).length +
              result.summaries.filter(({ receivers }) => receivers.includes(name)).length;
            sent.set(name, [...(sent.get(name) ?? []), ...Array.from({ length: count }, () => now)]);
          }
          ({ owed, channels } = result);
        };
        for (const { wait, due: messages } of steps) {
          now += wait;
          turn(messages);
        }
        expect(owed.has('pager')).toBe(false);
        for (const { name } of [mail, slack]) {
          const times = sent.get(name) ?? [];
          times.forEach((time, i) => expect(time - (times[i - 3] ?? -Infinity)).toBeGreaterThanOrEqual(10 * minute));
        }
        turn([], true);
        expect([...owed.keys()]).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });
});
