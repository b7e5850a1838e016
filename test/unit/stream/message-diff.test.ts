import { diffMessages, type DecidedMessage } from '../../../src/stream/message-diff';

/** A message about an incident from one minute to another. */
function message(id: string, from: number, to: number, changes: Partial<DecidedMessage> = {}): DecidedMessage {
  const time = (minute: number): string => new Date(minute * 60_000).toISOString();
  return {
    id,
    about: 'errors all opened',
    from: time(from),
    to: time(to),
    subject: 's',
    receivers: ['ops'],
    ...changes,
  };
}

/** `changes a→b`, in order. */
function shown(before: DecidedMessage[], after: DecidedMessage[]): string[] {
  const { changes, same } = diffMessages(before, after);
  return [...changes.map((one) => `${one.change} ${one.old?.id ?? ''}→${one.new?.id ?? ''}`), `same ${same}`];
}

describe('diffMessages', () => {
  it.each<[string, DecidedMessage[], DecidedMessage[], string[]]>([
    ['one that is equal', [message('a', 1, 2)], [message('a', 1, 2)], ['same 1']],
    ['one that appears', [], [message('a', 1, 2)], ['appears →a', 'same 0']],
    ['one that disappears', [message('a', 1, 2)], [], ['disappears a→', 'same 0']],
    ['another subject', [message('a', 1, 2)], [message('a', 1, 2, { subject: 't' })], ['changes a→a', 'same 0']],
    ['other receivers', [message('a', 1, 2)], [message('a', 1, 2, { receivers: ['b'] })], ['changes a→a', 'same 0']],
    ['another end', [message('a', 1, 2)], [message('a', 1, 3)], ['changes a→a', 'same 0']],
    ['another begin, whose id differs', [message('a', 2, 4)], [message('b', 1, 4)], ['changes a→b', 'same 0']],
    ['another id alone', [message('a', 2, 4)], [message('b', 2, 4)], ['same 1']],
    ['another time', [message('a', 2, 4)], [message('b', 4, 5)], ['disappears a→', 'appears →b', 'same 0']],
    [
      'another rule at the same time',
      [message('a', 2, 4)],
      [message('b', 2, 4, { about: 'other' })],
      ['disappears a→', 'appears →b', 'same 0'],
    ],
    [
      'the one with the same id before one that overlaps',
      [message('a', 1, 9), message('b', 5, 9)],
      [message('b', 5, 9), message('c', 1, 3)],
      ['changes a→c', 'same 1'],
    ],
    [
      'several in order of time',
      [message('c', 7, 8), message('b', 4, 5)],
      [message('a', 1, 2), message('d', 9, 10)],
      ['appears →a', 'disappears b→', 'disappears c→', 'appears →d', 'same 0'],
    ],
  ])('finds %s', (_, before, after, expected) => {
    expect(shown(before, after)).toEqual(expected);
  });

  it('compares receivers in any order', () => {
    const [one, other] = [message('a', 1, 2, { receivers: ['a', 'b'] }), message('a', 1, 2, { receivers: ['b', 'a'] })];
    expect(shown([one], [other])).toEqual(['same 1']);
  });
});
