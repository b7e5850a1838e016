import fc from 'fast-check';
import type { WindowRecord } from '../../../src/pipelines/level-alerts/counting/window-record';
import { ShownWindows } from '../../../src/pipelines/level-alerts/shown-windows';
import { statusSections } from '../../../src/pipelines/level-alerts/status-page';
import { html } from '../../../src/html/escape';
import { at, windowOf } from './alerting/runner';

const keyOf = ({ origin, windowStart }: WindowRecord): string => `${origin} ${windowStart}`;

function pageOf(windows: ShownWindows, query = ''): string {
  return html`${statusSections({ windows, mails: 0, undelivered: [] }, html``, new URLSearchParams(query))}`.toString();
}

/** The names in the table of hosts, in order. */
function hostsIn(page: string): string[] {
  const table = page.slice(page.indexOf('Hosts, and'), page.indexOf('Newest windows'));
  return Array.from(table.matchAll(/<td class="w">([^<]*)</g), ([, name]) => name ?? '');
}

const name = (host: number): string => `host-${String(host).padStart(4, '0')}`;

function fleet(hosts: number): ShownWindows {
  const windows = new ShownWindows();
  for (let minute = 0; minute < 3; minute++) {
    for (let host = 0; host < hosts; host++) {
      const window = windowOf(name(host), at(`10:0${minute}`), host % 7);
      windows.put(keyOf(window), window);
    }
  }
  return windows;
}

describe('the status page of 3,000 hosts', () => {
  const windows = fleet(3_000);

  it('has totals over all of them', () => {
    const errors = 3 * Array.from({ length: 3_000 }, (_, host) => host % 7).reduce((sum, count) => sum + count, 0);
    expect([windows.hostCount, windows.size, windows.totals.error]).toEqual([3_000, 9_000, errors]);
    const figures = Array.from(pageOf(windows).matchAll(/<dd[^>]*>([^<]*)</g), ([, figure]) => figure);
    expect(figures.slice(1, 5)).toEqual([errors.toLocaleString('en-US'), '0', '3,000', '9,000']);
  });

  it('shows 50 hosts at a time, the most errors first', () => {
    const first = hostsIn(pageOf(windows));
    expect(first).toEqual(Array.from({ length: 50 }, (_, i) => name(6 + 7 * i)));
    const second = hostsIn(pageOf(windows, 'page=2'));
    expect(second[0]).toBe(name(6 + 7 * 50));
    expect(pageOf(windows, 'page=2')).toMatch(/href="\/\?page=1">Previous[^]*Page 2 of 60[^]*href="\/\?page=3">Next/);
    expect(pageOf(windows).length).toBeLessThan(100_000);
  });

  it('finds hosts by a part of their names, and keeps the search in its links', () => {
    expect(hostsIn(pageOf(windows, 'host=ST-299')).sort()).toEqual(
      Array.from({ length: 10 }, (_, i) => name(2_990 + i)),
    );
    expect(pageOf(windows, 'host=host-1')).toContain('href="/?host=host-1&#38;page=2"');
    expect(hostsIn(pageOf(windows, 'host=nothing'))).toEqual([]);
  });

  it.each(['page=0', 'page=-1', 'page=1e9', 'page=x', 'page='])('shows the first page for %s', (query) => {
    expect(pageOf(windows, query)).toContain('Page 1 of 60');
  });

  it('shows the last page for one after it', () => {
    expect(pageOf(windows, 'page=9999999')).toContain('Page 60 of 60');
  });

  it('shows a hostile search as inert text', () => {
    const page = pageOf(windows, `host=${encodeURIComponent('"><script>\u202e')}`);
    expect(page).toContain('value="&#34;&#62;&#60;script&#62;\\u202e"');
    expect(page).not.toMatch(/<script|\u202e/);
  });
});

describe('ShownWindows', () => {
  it('says that older windows gave way', () => {
    const windows = new ShownWindows(2);
    for (const minute of ['10:00', '10:01', '10:02']) windows.put(minute, windowOf('a', at(minute), 1));
    expect([windows.size, windows.totals.error, windows.isPartial]).toEqual([2, 2, true]);
    expect(pageOf(windows)).toContain('Of the latest 2 windows.');
  });

  it('has the same sums, hosts and newest windows as a fold over all latest revisions', () => {
    const step = fc.record({
      origin: fc.constantFrom('a', 'b', 'c'),
      minute: fc.integer({ min: 0, max: 50 }),
      errors: fc.option(fc.integer({ min: 0, max: 9 }), { freq: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const shown = new ShownWindows();
        const latest = new Map<string, WindowRecord>();
        for (const { origin, minute, errors } of steps) {
          const window = windowOf(origin, at('10:00') + minute * 60_000, errors ?? 0);
          const key = keyOf(window);
          if (errors === null) {
            shown.delete(key);
            latest.delete(key);
          } else {
            const added = shown.put(key, window);
            expect(added).toBe(window.lines - (latest.get(key)?.lines ?? 0));
            latest.set(key, window);
          }
        }
        const all = [...latest.values()];
        expect(shown.totals.error).toBe(all.reduce((sum, { counts }) => sum + counts.error, 0));
        expect(shown.totals.lines).toBe(all.reduce((sum, { lines }) => sum + lines, 0));
        expect(shown.size).toBe(all.length);
        expect(
          shown
            .worstHosts('')
            .map(({ host }) => host.origin)
            .sort(),
        ).toEqual([...new Set(all.map(({ origin }) => origin))].sort());
        const newest = all.map(keyOf).sort((a, b) => (a.slice(2) < b.slice(2) ? 1 : a.slice(2) > b.slice(2) ? -1 : 0));
        expect(shown.newest[0]?.windowStart).toBe(newest[0]?.slice(2));
      }),
    );
  });
});
