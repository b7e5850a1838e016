import {
  checkRules,
  configuredRule,
  groupOf,
  coveredBy,
  slideAt,
} from '../../../../src/pipelines/level-alerts/alerting/rules';
import { thresholdRule } from '../../../support/rules';
import { errorsRule, minute } from './runner';

const configured = {
  name: 'errors',
  level: 'error',
  window: minute,
  for: 1,
  origins: '**',
  each: false,
  groupBy: null,
  groupWait: null,
  severity: 'critical',
  receivers: ['ops'],
} as const;

describe('a configured rule', () => {
  it('has the settings of its kind apart from those of every rule', () => {
    const rule = configuredRule(Object.assign({ ...configured, kind: 'threshold' }, { threshold: 3 }));
    expect(rule).toMatchObject({
      name: 'errors',
      level: 'error',
      windowMs: minute,
      origins: '**',
      each: false,
      severity: 'critical',
      kind: 'threshold',
      settings: { threshold: 3 },
    });
    expect(rule.settings).toEqual({ threshold: 3 });
  });

  it.each([
    { each: false, groupBy: null, separately: false },
    { each: true, groupBy: null, separately: true },
    { each: false, groupBy: ['rule'], separately: false },
    { each: false, groupBy: ['host'], separately: true },
    { each: true, groupBy: ['rule', 'host'], separately: true },
  ] as const)('groups hosts as each and groupBy say: $each, $groupBy', ({ each, groupBy, separately }) => {
    const rule = configuredRule(Object.assign({ ...configured, each, groupBy, kind: 'threshold' }, { threshold: 3 }));
    expect(rule.each).toBe(separately);
  });

  it('waits as long as it says, or as long as alerting says', () => {
    const of = (groupWait: number | null) =>
      configuredRule(Object.assign({ ...configured, groupWait, kind: 'threshold' }, { threshold: 3 })).groupWaitMs;
    expect([of(null), of(0), of(minute)]).toEqual([undefined, 0, minute]);
  });

  it('is refused when there is no such kind', () => {
    expect(() => configuredRule({ ...configured, kind: 'other' })).toThrow(
      'rules: there is no kind "other"; see docs/write-a-rule-kind.md.',
    );
  });
});

describe('checkRules', () => {
  const rule = thresholdRule(errorsRule);

  it.each([0, -minute, 90_000, 1])('refuses a window of %d ms', (windowMs) => {
    expect(() => checkRules([{ ...rule, windowMs }], minute)).toThrow(
      `rules: the window of rule "errors" is ${windowMs} ms, which is not a multiple of the base window (60000 ms); choose a multiple of it.`,
    );
  });

  it('takes a rule with another severity for the same one, so that its incidents go on', () => {
    const definitionOf = (changes: object): string | undefined =>
      checkRules([{ ...rule, ...changes }], minute)[0]?.definition;
    expect(definitionOf({ severity: 'critical', groupWaitMs: minute })).toBe(definitionOf({}));
    expect(definitionOf({ level: 'warn' })).not.toBe(definitionOf({}));
  });

  it('refuses two rules of one name', () => {
    expect(() => checkRules([rule, { ...rule, origins: 'a' }], minute)).toThrow(
      'rules: two rules are named "errors"; give each a name of its own.',
    );
  });

  it('compiles the glob of each rule', () => {
    const [a, all] = checkRules(
      [
        { ...rule, origins: 'a*' },
        { ...rule, name: 'all' },
      ],
      minute,
    );
    expect([a?.matches('a1'), a?.matches('b1'), all?.matches('b1')]).toEqual([true, false, true]);
  });
});

describe('the windows and groups of a rule', () => {
  it('slide by the base window, and are one for each origin where the rule says so', () => {
    const five = { ...errorsRule, windowMs: 5 * minute, slideMs: minute };
    expect([4, 5.5, 9.99, -0.5].map((time) => slideAt(five, time * minute) / minute)).toEqual([4, 5, 9, -1]);
    expect([groupOf(five, 'a'), groupOf({ ...five, each: true }, 'a')]).toEqual(['all', 'a']);
  });

  it('cover the times in any of them', () => {
    const covers = coveredBy({ windowMs: 5 }, [20, 3, 10, 12]);
    const times = Array.from({ length: 30 }, (_, i) => i);
    expect(times.filter(covers)).toEqual([3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24]);
    expect(times.filter(coveredBy({ windowMs: 5 }, []))).toEqual([]);
  });
});
