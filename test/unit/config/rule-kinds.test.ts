import { loadConfig } from '../../../src/config';
import * as is from '../../../src/config/fields';
import { isTelltaleError } from '../../../src/errors';
import type { RuleKind } from '../../../src/pipelines/level-alerts/alerting/rule-kinds/rule-kind';
import { threshold } from '../../../src/pipelines/level-alerts/alerting/rule-kinds/threshold';
import { sectionOf } from '../../../src/pipelines/level-alerts/config';
import { definePipeline } from '../../../src/stream/pipeline';

const hosts: RuleKind<{ readonly hosts: number }> = {
  name: 'hosts',
  schema: { hosts: is.integer(0) },
  evaluatedWhen: 'revised',
  evaluate: ({ hosts }, { lines }) => ({ value: lines, breached: lines > hosts }),
  describe: () => ({ worst: '', limit: '', condition: '', change: '', yaml: [] }),
};

const pipelines = [
  definePipeline({ name: 'level-alerts', config: sectionOf([threshold, hosts]), parts: () => ({ jobs: [] }) }),
];

function load(...set: string[]): unknown {
  try {
    return loadConfig({ pipelines, set, env: {} }).config.pipelines[0]?.written;
  } catch (error) {
    if (isTelltaleError(error, 'CONFIG')) return error.message.replace(/yaml:\d+/g, 'yaml:LINE');
    throw error;
  }
}

describe('rules of several kinds', () => {
  it('lose the defaults of the old kind when a value sets another kind', () => {
    expect(load('rules.0.kind=hosts', 'rules.0.hosts=1')).toMatchObject({ rules: [{ kind: 'hosts', hosts: 1 }] });
    expect(load('rules=[{"name":"a"}]', 'rules.0.kind=hosts', 'rules.0.hosts=1')).toMatchObject({
      rules: [{ name: 'a', kind: 'hosts', hosts: 1 }],
    });
  });

  it('keep a key that a person set, so that it is refused', () => {
    expect(load('rules.0.kind=hosts', 'rules.0.hosts=1', 'rules.0.threshold=3')).toBe(
      '--set rules.0.threshold: a rule of kind hosts has no such key; kind threshold has it',
    );
  });

  it('name the kind that has a key when the kind is forgotten', () => {
    expect(load('rules=[{"name":"a","hosts":1}]')).toBe(
      '--set rules.0.hosts: a rule of kind threshold has no such key; kind hosts has it',
    );
  });

  it('name the kind that needs a missing key', () => {
    expect(load('rules=[{"name":"a","kind":"hosts"}]')).toBe(
      '--set rules.0.hosts: kind hosts needs it: expected a whole number of at least 0, found nothing',
    );
  });
});
