import type { WindowRecord } from './counting/window-record';
import { truncate, html, visible, type Markup } from '../../html/escape';
import { subjectOf } from './mail/summary-words';
import type { Undelivered } from './mail/undelivered';
import { formatCount } from '../../pluralize';
import { pluralize } from './mail/words';
import { ageOf, BARS, barsOf, type ShownHost, type ShownWindows, type Sums } from './shown-windows';

/** The content of the page. */
export interface Shown {
  readonly windows: ShownWindows;
  /** How many mails were sent. */
  readonly mails: number;
  /** Mails that wait to be sent, and mails that were refused. */
  readonly undelivered: readonly Undelivered[];
  /** Rules whose globs match no host. */
  readonly rulesWithoutHosts?: readonly { readonly name: string; readonly origins: string }[];
}

/** Bounds of the page: it is fetched every other second. */
const shown = { hosts: 50, undelivered: 20, nameLength: 80 };

/**
 * Totals, the last mails, the hosts with their latest windows, and the newest windows of all.
 * @param query `host`: part of the names of the hosts to show; `page`: 1 for the worst of them
 */
export function statusSections(
  { windows, mails, undelivered, rulesWithoutHosts = [] }: Shown,
  lastMails: Markup,
  query: URLSearchParams,
): readonly Markup[] {
  return [
    totals(windows, mails),
    rulesSection(rulesWithoutHosts),
    undeliveredSection(undelivered),
    lastMails,
    hostSection(windows, query),
    windowSection(windows.newest),
  ];
}

function totals(windows: ShownWindows, mails: number): Markup {
  const { lines, error, warn } = windows.totals;
  const items: readonly (readonly [string, number, string])[] = [
    ['Lines', lines, ''],
    ['Errors', error, 'alarm'],
    ['Warnings', warn, ''],
    ['Hosts', windows.hostCount, ''],
    ['Windows', windows.size, ''],
    ['Mails', mails, ''],
  ];
  return html`<section>
    <dl class="totals">
      ${items.map(
        ([name, count, tone]) =>
          html`<div>
            <dt>${name}</dt>
            <dd class="${count > 0 ? tone : ''}">${formatCount(count)}</dd>
          </div>`,
      )}
    </dl>
    ${windows.isPartial ? html`<p class="mute">Of the latest ${formatCount(windows.size)} windows.</p>` : ''}
  </section>`;
}

function hostSection(windows: ShownWindows, query: URLSearchParams): Markup {
  if (windows.hostCount === 0) {
    return html`<section>
      <h2>Hosts</h2>
      <p>Nothing has been counted yet. Windows appear here as soon as the first lines are read.</p>
    </section>`;
  }
  const wanted = (query.get('host') ?? '').slice(0, 200);
  const found = windows.worstHosts(wanted);
  const pages = Math.max(1, Math.ceil(found.length / shown.hosts));
  const asked = /^[1-9]\d{0,6}$/.exec(query.get('page') ?? '')?.[0] ?? '1';
  const page = Math.min(pages, Number(asked));
  const rows = found.slice((page - 1) * shown.hosts, page * shown.hosts);
  return html`<section>
    <h2>Hosts, and their last ${BARS} windows, the most errors first</h2>
    ${windows.hostCount > shown.hosts ? search(wanted, found.length) : ''}
    <table>
      <tr>
        <th>Host</th>
        <th>Lines, errors in red</th>
        <th class="wide">Newest window (UTC)</th>
        ${levelHeads}
      </tr>
      ${rows.map(({ host, sums }) => hostRow(host, sums))}
    </table>
    ${pages > 1 ? pageLinks(wanted, page, pages) : ''}
  </section>`;
}

function search(wanted: string, found: number): Markup {
  return html`<form action="/" class="search">
    <input type="search" name="host" value="${visible(wanted)}" placeholder="Part of a host name" maxlength="200" />
    <button>Search</button>
    <span class="mute">${pluralize(found, 'host')}</span>
  </form>`;
}

function pageLinks(wanted: string, page: number, pages: number): Markup {
  const link = (to: number, text: string): Markup => {
    const query = new URLSearchParams({ ...(wanted === '' ? {} : { host: wanted }), page: String(to) });
    return html`<a href="/?${query.toString()}">${text}</a>`;
  };
  return html`<p class="mute pages">
    ${page > 1 ? link(page - 1, 'Previous') : ''} Page ${page} of ${pages} ${page < pages ? link(page + 1, 'Next') : ''}
  </p>`;
}

function hostRow(host: ShownHost, sums: Sums): Markup {
  const newest = host.latest.at(-1);
  const time = newest === undefined ? '' : timeOf({ windowStart: new Date(newest.start).toISOString() });
  return html`<tr>
    <td class="w">${nameOf(host.origin)}${newest?.idle === true ? html` <span class="mute">idle</span>` : ''}</td>
    <td>${bars(host)}</td>
    <td class="t wide">${time}</td>
    ${levelCells(sums)}
  </tr>`;
}

/** One bar per window, by time: a window without lines leaves a gap. Its errors are the colored lower part. */
function bars(host: ShownHost): Markup {
  const windows = barsOf(host);
  const newest = host.latest.at(-1);
  if (newest === undefined) return html``;
  const most = Math.max(1, ...windows.map(({ lines }) => lines));
  const path = (heightOf: (window: (typeof windows)[number]) => number): string =>
    windows
      .map((window) => ({ x: (BARS - 1 - ageOf(window, newest)) * 5, height: heightOf(window) }))
      .map(({ x, height }) => (height === 0 ? '' : `M${x} 26v-${height}h4v${height}z`))
      .join('');
  const all = path(({ lines }) => Math.max(1, Math.round((lines / most) * 26)));
  const red = path(({ error }) => (error > 0 ? Math.max(3, Math.round((error / most) * 26)) : 0));
  return html`<svg class="bars" viewBox="0 0 150 26" preserveAspectRatio="none" aria-hidden="true">
    <path class="f-rest" d="${all}" />
    <path class="f-error" d="${red}" />
  </svg>`;
}

function windowSection(windows: readonly WindowRecord[]): Markup {
  if (windows.length === 0) return html``;
  return html`<section>
    <h2>Newest windows</h2>
    <table>
      <tr>
        <th>Start (UTC)</th>
        <th>Host</th>
        <th class="wide">Share</th>
        ${levelHeads}
        <th class="wide">State</th>
      </tr>
      ${windows.map(
        (window) =>
          html`<tr>
            <td class="t">${timeOf(window)}</td>
            <td class="w">${nameOf(window.origin)}</td>
            <td class="wide">${share(window)}</td>
            ${levelCells(window.counts)}
            <td class="t wide mute">${window.complete ? 'complete' : 'open'}</td>
          </tr>`,
      )}
    </table>
  </section>`;
}

/** Errors, warnings and the rest of a window's lines side by side. */
function share({ counts, lines }: WindowRecord): Markup {
  const scale = 110 / Math.max(1, lines);
  const width = (count: number): number => (count > 0 ? Math.max(2, Math.round(count * scale)) : 0);
  const [error, warn] = [width(counts.error), width(counts.warn)];
  const rest = Math.max(0, (lines > 0 ? 110 : 0) - error - warn);
  return html`<svg class="share" viewBox="0 0 110 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="f-error" x="0" y="0" width="${error}" height="8" />
    <rect class="f-warn" x="${error}" y="0" width="${warn}" height="8" />
    <rect class="f-rest" x="${error + warn}" y="0" width="${rest}" height="8" />
  </svg>`;
}

const levelHeads = html`<th class="n">ERROR</th>
  <th class="n">WARN</th>
  <th class="n wide">INFO</th>
  <th class="n wide">DEBUG</th>`;

function levelCells(counts: Omit<Sums, 'lines'>): Markup {
  const cell = (count: number, classes: string): Markup =>
    html`<td class="n ${count === 0 ? 'zero' : ''} ${classes}">${formatCount(count)}</td>`;
  return html`${cell(counts.error, counts.error > 0 ? 'alarm' : '')} ${cell(counts.warn, '')}
  ${cell(counts.info, 'wide')} ${cell(counts.debug, 'wide')}`;
}

/** Refused mails first: nothing sends them any more. */
function rulesSection(rules: Shown['rulesWithoutHosts'] = []): Markup {
  if (rules.length === 0) return html``;
  return html`<section>
    <h2>${pluralize(rules.length, 'rule')} without hosts</h2>
    ${rules
      .slice(0, shown.undelivered)
      .map(
        ({ name, origins }) =>
          html`<p class="alarm">
            Rule ${truncate(visible(name), shown.nameLength)} matches no known host: correct origins:
            ${truncate(visible(JSON.stringify(origins)), shown.nameLength)}
          </p>`,
      )}
  </section>`;
}

function undeliveredSection(mails: readonly Undelivered[]): Markup {
  if (mails.length === 0) return html``;
  const hidden = mails.length - shown.undelivered;
  return html`<section>
    <h2>${pluralize(mails.length, 'undelivered mail')}</h2>
    <table>
      <tr>
        <th>Decided (UTC)</th>
        <th>Mail</th>
        <th>To</th>
        <th>State</th>
      </tr>
      ${mails.slice(0, shown.undelivered).map(
        ({ report, target, attempts, refusal }) =>
          html`<tr>
            <td class="t">${visible(report.decidedAt).slice(0, 16).replace('T', ' ')}</td>
            <td class="w">${truncate(visible(subjectOf(report)), 200)}</td>
            <td class="w">${truncate(visible(target ?? ''), 100)}</td>
            <td class="w ${refusal === null ? 'mute' : 'alarm'}">
              ${
                refusal === null
                  ? `waiting, ${pluralize(attempts, 'attempt')}`
                  : `refused: ${truncate(visible(refusal), 300)}`
              }
            </td>
          </tr>`,
      )}
    </table>
    ${hidden > 0 ? html`<p class="mute">and ${formatCount(hidden)} more</p>` : ''}
  </section>`;
}

/** `2026-11-20 10:05`, and the seconds of windows shorter than a minute. */
function timeOf({ windowStart }: Pick<WindowRecord, 'windowStart'>): string {
  return visible(windowStart).slice(0, 19).replace('T', ' ').replace(/:00$/, '');
}

function nameOf(origin: string): string {
  return truncate(visible(origin), shown.nameLength);
}
