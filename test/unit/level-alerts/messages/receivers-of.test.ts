import { loadConfig } from '../../../../src/config';
import { partsOf } from '../../../../src/apps/parts';
import { pipelines } from '../../../../src/pipelines';
import { report } from '../mail/sample-reports';

const rule = (name: string) => ({ name, level: 'error', threshold: 1, window: 60_000, origins: '*' }) as const;

/** Names of the receivers of a message of a rule. */
function receiversOf(set: readonly string[], ruleName: string): readonly string[] {
  const [use] = partsOf(loadConfig({ pipelines, set, env: {} }).config).deliveries;
  return use?.receiversOf(report({ rule: rule(ruleName) })).map(({ name }) => name) ?? [];
}

const receivers = `receivers=${JSON.stringify(['a', 'b', 'c'].map((name) => ({ name, kind: 'slack', urlEnv: 'X' })))}`;
const rules = `rules=${JSON.stringify([{ name: 'some', receivers: ['c', 'a'] }, { name: 'all' }])}`;

describe('the receivers of a message', () => {
  it.each<[string, readonly string[], string, readonly string[]]>([
    ['those of its rule', [receivers, rules], 'some', ['a', 'c']],
    ['all when its rule names none', [receivers, rules], 'all', ['a', 'b', 'c']],
    ['all when its rule is gone', [receivers, rules], 'gone', ['a', 'b', 'c']],
    ['the folder of mails when there are none', [], 'errors', ['mail']],
  ])('are %s', (_, set, ruleName, expected) => {
    expect(receiversOf(set, ruleName)).toEqual(expected);
  });
});
