import { thresholdRule } from '../../../support/rules';
import { quietRecord } from '../../../../src/stream/outbox-records';
import { at, errorsRule, hour, mailsIn, minute, Runner, windowOf } from './runner';

/** An incident from 10:05 to 10:07 in two windows that arrived in the other order, told as opened. */
function told(options: ConstructorParameters<typeof Runner>[0] = {}): Runner {
  const runner = new Runner(options);
  runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
  runner.write(0, at('10:07'), windowOf('a', at('10:06'), 3)).catchUp(at('10:07'));
  runner.write(0, at('10:08'), windowOf('a', at('10:05'), 2, { revision: 2 })).catchUp(at('10:08'));
  return runner;
}

const quiet = (runner: Runner, time: string): Runner =>
  runner
    .write(0, at(time), windowOf('a', at(time) - minute, 0))
    .write(1, at(time), windowOf('b', at(time) - minute, 0));

const outbox = (runner: Runner): string[] =>
  runner.mails().map(({ transition, incident }) => `${transition} ${incident}`);

describe('alerting after a reset', () => {
  it('mails no incident again that was mailed and resolved, and writes none of its mails again', () => {
    const runner = quiet(told(), '10:30');
    runner.catchUp(at('10:30'));
    const before = outbox(runner);
    expect(before.map((mail) => mail.split(' ')[0])).toEqual(['opened', 'resolved']);
    expect(runner.reset().catchUp(at('10:31'))).toEqual([]);
    expect(runner.restart().catchUp(at('11:31'))).toEqual([]);
    expect(outbox(runner)).toEqual(before);
  });

  it('resolves an incident that was mailed as open, once all of its windows are read', () => {
    const runner = quiet(told(), '10:30').reset();
    expect(runner.flush()).toEqual([]);
    runner.fold(0, 1).flush();
    expect(mailsIn(runner.restart().foldAll().outputs)).toHaveLength(1);
    const mails = runner.catchUp(at('10:31'));
    expect(mails.map(({ transition }) => transition)).toEqual(['resolved']);
    expect(new Set(runner.mails().map(({ incident }) => incident)).size).toBe(1);
    expect(runner.reset().catchUp(at('10:32'))).toEqual([]);
  });

  it('continues the count of its reminders', () => {
    const runner = told({ repeatIntervalMs: hour });
    const keeps = (time: string): void => void runner.write(0, at(time), windowOf('a', at(time) - minute, 2));
    for (const time of ['10:12', '10:20', '10:28', '10:36', '10:44', '10:52', '11:00', '11:08']) keeps(time);
    runner.catchUp(at('11:08'));
    const before = outbox(runner);
    expect(runner.reset().catchUp(at('11:09'))).toEqual([]);
    expect(outbox(runner)).toEqual(before);
  });

  it('mails no incident of a summary again', () => {
    const rules = [thresholdRule({ ...errorsRule, each: true })];
    const runner = new Runner({ rules });
    for (let i = 0; i < 30; i++)
      runner.write(i % 2, at('20:00'), windowOf(`host-${i}`, at('10:05'), 2, { idle: true }));
    expect(runner.catchUp(at('20:00'))).toEqual([]);
    expect(runner.summaries().map(({ incidents }) => incidents.length)).toEqual([30]);
    runner.catchUp(at('21:00'));
    const before = outbox(runner);
    expect(runner.reset().catchUp(at('21:01'))).toEqual([]);
    expect(runner.catchUp(at('22:00'))).toEqual([]);
    expect(outbox(runner)).toEqual(before);
  });

  it('mails an incident that was not mailed before, and one of a changed rule', () => {
    const runner = told()
      .write(1, at('11:30'), windowOf('b', at('11:29'), 5))
      .reset();
    expect(runner.catchUp(at('11:30')).map(({ transition }) => transition)).toContain('opened');
    const other = told();
    const changed = new Runner({ rules: [thresholdRule({ ...errorsRule, threshold: 0 })] });
    changed.outputs.push(...other.outputs.filter(({ topic }) => topic === 'outbox'));
    changed.write(0, at('10:07'), windowOf('a', at('10:06'), 3)).reset();
    expect(changed.catchUp(at('10:08')).map(({ transition }) => transition)).toEqual(['opened']);
  });
});

describe('alerting with a quiet time in the outbox', () => {
  function rebuilt(until: string): Runner {
    const runner = new Runner();
    runner.outputs.push({ topic: 'outbox', ...quietRecord(at(until), at(until)) });
    return runner.write(0, at('12:00'), windowOf('a', at('10:05'), 2)).reset();
  }

  it('closes an incident that ended by then without a mail, and counts it', () => {
    const runner = rebuilt('10:06');
    expect(runner.catchUp(at('12:00'))).toEqual([]);
    quiet(runner, '12:01');
    runner.foldAll().tick(at('12:01'));
    expect(runner.flush()).toEqual([]);
    expect(JSON.parse(String(runner.stateRecords()[0]?.value))).toMatchObject({ closed: true, mailed: null });
    expect(runner.suppressed).toBe(1);
  });

  it('mails an incident that continues after then, with all of its breaches', () => {
    const runner = rebuilt('10:06');
    expect(runner.catchUp(at('12:00'))).toEqual([]);
    const [mail, ...others] = runner
      .restart()
      .write(0, at('12:01'), windowOf('a', at('10:06'), 3))
      .catchUp(at('12:01'));
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ transition: 'opened', totals: { error: 5 } });
  });

  it('mails an incident that ended later', () => {
    expect(rebuilt('10:05').catchUp(at('12:00'))).toMatchObject([{ transition: 'opened' }]);
  });

  it('remembers the time in its head', () => {
    const runner = rebuilt('10:07');
    runner.catchUp(at('12:00'));
    runner.restart().write(1, at('12:01'), windowOf('b', at('10:05'), 9));
    expect(runner.catchUp(at('12:01'))).toEqual([]);
  });
});
