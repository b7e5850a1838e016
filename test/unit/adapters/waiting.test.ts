import { Waiting } from '../../../src/adapters/waiting';

describe('Waiting', () => {
  let now = 0;
  const open = (): Waiting => {
    now = 0;
    return new Waiting(() => now);
  };
  const sentences = (waiting: Waiting): string[] => waiting.problems.map(({ problem }) => problem);

  it.each([
    ['an answer that comes soon', 19_999, 0, null, []],
    ['no answer for long', 20_000, 0, null, ['Cannot read logs/7: no answer']],
    ['an answer that the broker holds back', 70_000, 60_000, null, []],
    ['an answer that is held back for too long', 80_000, 60_000, null, ['Cannot read logs/7: no answer']],
    ['a failure that may pass', 9_999, 0, 'refused', []],
    ['failures that go on', 10_000, 60_000, 'refused', ['Cannot read logs/7: refused']],
  ])('judges %s', (_, age, heldBackMs, failure, expected) => {
    const waiting = open();
    const call = waiting.begin('Cannot read logs/7', heldBackMs);
    call.failure = failure;
    now = age;
    expect(sentences(waiting)).toEqual(expected);
  });

  it('forgets a call that is over, and names calls for the same thing once', () => {
    const waiting = open();
    const calls = [waiting.begin('Cannot commit'), waiting.begin('Cannot commit'), waiting.begin('Cannot read logs/1')];
    now = 30_000;
    expect(sentences(waiting)).toEqual(['Cannot commit: no answer', 'Cannot read logs/1: no answer']);
    for (const call of calls) waiting.end(call);
    expect(sentences(waiting)).toEqual([]);
  });
});
