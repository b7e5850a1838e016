import { html } from '../../../src/html/escape';
import { windowKey } from '../../../src/pipelines/level-alerts/counting/window-record';
import { levelAlertsView } from '../../../src/pipelines/level-alerts/view';
import { at, windowOf } from './alerting/runner';

describe('levelAlertsView', () => {
  it('names the rules that match none of the hosts, and counts them', () => {
    const view = levelAlertsView([
      { name: 'web', origins: 'web-*' },
      { name: 'db', origins: '<b>' },
    ]);
    const shown = (): [string, number | undefined] => [
      html`${view.sections(html``, new URLSearchParams())}`.toString(),
      view.metrics().find(({ name }) => name === 'telltale_rules_without_hosts')?.value,
    ];
    expect(shown()).toEqual([expect.not.stringContaining('without hosts'), 0]);
    const window = windowOf('web-1', at('10:05'), 1);
    const key = Buffer.from(windowKey(window.origin, window.windowStart));
    view.add({ topic: 'windows', key, value: Buffer.from(JSON.stringify(window)), isNew: true });
    const [page, count] = shown();
    expect(count).toBe(1);
    expect(page).toContain('1 rule without hosts');
    expect(page.replace(/\s+/g, ' ')).toContain(
      'Rule db matches no known host: correct origins: &#34;&#60;b&#62;&#34;',
    );
  });
});
