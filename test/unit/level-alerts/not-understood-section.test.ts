import { levelAlertsView } from '../../../src/pipelines/level-alerts/view';
import { notUnderstoodSection } from '../../../src/pipelines/level-alerts/not-understood-section';
import {
  windowKey,
  type NotUnderstood,
  type WindowRecord,
} from '../../../src/pipelines/level-alerts/counting/window-record';
import { html } from '../../../src/html/escape';
import { at, windowOf } from './alerting/runner';

const of = (source: string, lines: number, unparsed: number, text = 'no form'): NotUnderstood => ({
  source,
  at: '0:0',
  text,
  lines,
  unparsed,
});

describe('files that are not understood', () => {
  it('are listed with share, lines and first such line, highest share first', () => {
    const page = notUnderstoodSection([
      of('b/a.log', 40, 12),
      of('b/all.log', 1_200, 1_200),
      of('b/little.log', 10, 2),
    ]);
    const cells = [...page.toString().matchAll(/<td[^>]*>([^<]*)</g)].map(([, cell]) => cell);
    expect(cells).toEqual([
      ...['b/all.log', '100 %', '1,200 of 1,200', 'no form'],
      ...['b/a.log', '30 %', '12 of 40', 'no form'],
    ]);
    expect(page.toString()).toContain('<code>telltale check FILE</code>');
    expect(page.toString()).toContain('<code>telltale audit</code> shows the shares of whole files');
  });

  it('show hostile names and lines as inert text, without secrets', () => {
    const page = notUnderstoodSection([of('b/<i>\u202e.log', 1, 1, '<script>\u001b[2J" password=hunter2')]).toString();
    for (const part of ['<script', '<i>', 'hunter2', '\u001b', '\u202e']) expect(page).not.toContain(part);
    expect(page).toContain('&#60;script&#62;\\x1b[2J&#34; password=[redacted]');
  });

  it('are cut to 20 rows and bounded text', () => {
    const many = Array.from({ length: 3_000 }, (_, i) => of(`b/${i}.log${'x'.repeat(9_000)}`, 2, 1, 'y'.repeat(9_000)));
    const page = notUnderstoodSection(many).toString();
    expect(page.length).toBeLessThan(20_000);
    expect(page).toContain('and 2,980 other files');
  });

  it('are nothing when all were mostly understood', () => {
    expect(notUnderstoodSection([of('b/a.log', 100, 20)]).toString()).toBe('');
    expect(notUnderstoodSection([]).toString()).toBe('');
  });
});

describe('the status page', () => {
  const pageOf = (...records: readonly (readonly [WindowRecord, WindowRecord | null])[]): string => {
    const view = levelAlertsView();
    for (const [{ origin, windowStart }, record] of records) {
      const key = Buffer.from(windowKey(origin, windowStart));
      const value = record === null ? null : Buffer.from(JSON.stringify(record));
      view.add({ topic: 'windows', key, value, isNew: true });
    }
    return html`${view.sections(html``, new URLSearchParams())}`.toString();
  };

  it('sums a file over the latest revisions of windows', () => {
    const first = windowOf('a', at('10:05'), 0, { notUnderstood: [of('b/a.log', 7, 7, 'older revision')] });
    const second = windowOf('a', at('10:05'), 0, { notUnderstood: [of('b/a.log', 8, 8, 'first')] });
    const next = windowOf('a', at('10:06'), 0, { notUnderstood: [of('b/a.log', 12, 2, 'second')] });
    const page = pageOf([first, first], [second, second], [next, next]);
    expect(page).toContain('10 of 20');
    expect(page).toContain('first');
    expect(page).not.toContain('second');
    expect(pageOf([first, first], [first, null])).not.toContain('not understood');
  });
});
