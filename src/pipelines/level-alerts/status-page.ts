import type { WindowRecord } from './counting/window-record';
import { truncate, html, visible, type Markup } from '../../html/escape';
import { alertSummaryOf } from './mail/alert-summary';
import type { UndeliveredMail } from './mail/undelivered';
import { pluralize, formatCount } from './mail/words';

/** What the page shows. */
export interface Shown {
  /** The latest revision of each window, in any order. */
  readonly windows: readonly WindowRecord[];
  /** How many mails were sent. */
  readonly mails: number;
  /** Mails that wait to be sent, and mails that were refused. */
  readonly undelivered: readonly UndeliveredMail[];
}

/** Bounds of the page: it is fetched every other second. */
const shown = { origins: 50, windows: 25, bars: 30, undelivered: 20 };

/** Totals, the last mails, each origin's last windows, and the newest windows of all. */
export function statusSections({ windows, mails, undelivered }: Shown, lastMails: Markup): readonly Markup[] {
  return [
    totals(windows, mails),
    undeliveredSection(undelivered),
    lastMails,
    originSection(windows),
    windowSection(windows),
  ];
}

function totals(windows: readonly WindowRecord[], mails: number): Markup {
  const sum = (of: (window: WindowRecord) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  const items: readonly (readonly [string, number, string])[] = [
    ['Lines', sum(({ lines }) => lines), ''],
    ['Errors', sum(({ counts }) => counts.error), 'alarm'],
    ['Warnings', sum(({ counts }) => counts.warn), ''],
    ['Hosts', new Set(windows.map(({ origin }) => origin)).size, ''],
    ['Windows', windows.length, ''],
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
  </section>`;
}

function originSection(windows: readonly WindowRecord[]): Markup {
  const origins = [...byOrigin(windows)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (origins.length === 0) {
    return html`<section>
      <h2>Hosts</h2>
      <p>Nothing has been counted yet. Windows appear here as soon as the first lines are read.</p>
    </section>`;
  }
  const hidden = origins.length - shown.origins;
  return html`<section>
    <h2>Hosts, and their last ${shown.bars} windows</h2>
    <table>
      <tr>
        <th>Host</th>
        <th>Lines, errors in red</th>
        <th class="wide">Newest window (UTC)</th>
        ${levelHeads}
      </tr>
      ${origins.slice(0, shown.origins).map(([origin, own]) => originRow(origin, own))}
    </table>
    ${hidden > 0 ? html`<p class="mute">and ${pluralize(hidden, 'other host')}</p>` : ''}
  </section>`;
}

function byOrigin(windows: readonly WindowRecord[]): Map<string, WindowRecord[]> {
  const origins = new Map<string, WindowRecord[]>();
  for (const window of windows) {
    const own = origins.get(window.origin);
    if (own === undefined) origins.set(window.origin, [window]);
    else own.push(window);
  }
  return origins;
}

function originRow(origin: string, windows: readonly WindowRecord[]): Markup {
  const newest = windows.reduce((latest, window) => (startOf(window) > startOf(latest) ? window : latest));
  return html`<tr>
    <td class="w">${nameOf(origin)}${newest.idle ? html` <span class="mute">idle</span>` : ''}</td>
    <td>${bars(windows, newest)}</td>
    <td class="t wide">${timeOf(newest)}</td>
    ${levelCells(newest)}
  </tr>`;
}

/** One bar per window, by time: a window without lines leaves a gap. Its errors are the colored lower part. */
function bars(windows: readonly WindowRecord[], newest: WindowRecord): Markup {
  const length = Math.max(1, Date.parse(newest.windowEnd) - startOf(newest));
  const last = windows
    .map((window) => ({ window, age: Math.round((startOf(newest) - startOf(window)) / length) }))
    .filter(({ age }) => age < shown.bars);
  const most = Math.max(1, ...last.map(({ window }) => window.lines));
  const rects = last.map(({ window, age }) => {
    const x = (shown.bars - 1 - age) * 5;
    const height = Math.max(1, Math.round((window.lines / most) * 26));
    const { error } = window.counts;
    const red = error > 0 ? Math.max(3, Math.round((error / most) * 26)) : 0;
    return html`<rect class="f-rest" x="${x}" y="${26 - height}" width="4" height="${height}" />
      <rect class="f-error" x="${x}" y="${26 - red}" width="4" height="${red}" />`;
  });
  return html`<svg class="bars" viewBox="0 0 150 26" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}

function windowSection(windows: readonly WindowRecord[]): Markup {
  if (windows.length === 0) return html``;
  const newest = [...windows]
    .sort((a, b) => startOf(b) - startOf(a) || (a.origin < b.origin ? -1 : 1))
    .slice(0, shown.windows);
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
      ${newest.map(
        (window) =>
          html`<tr>
            <td class="t">${timeOf(window)}</td>
            <td class="w">${nameOf(window.origin)}</td>
            <td class="wide">${share(window)}</td>
            ${levelCells(window)}
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

function levelCells({ counts }: WindowRecord): Markup {
  const cell = (count: number, classes: string): Markup =>
    html`<td class="n ${count === 0 ? 'zero' : ''} ${classes}">${formatCount(count)}</td>`;
  return html`${cell(counts.error, counts.error > 0 ? 'alarm' : '')} ${cell(counts.warn, '')}
  ${cell(counts.info, 'wide')} ${cell(counts.debug, 'wide')}`;
}

/** Refused mails first: nothing sends them any more. */
function undeliveredSection(mails: readonly UndeliveredMail[]): Markup {
  if (mails.length === 0) return html``;
  const hidden = mails.length - shown.undelivered;
  return html`<section>
    <h2>${pluralize(mails.length, 'undelivered mail')}</h2>
    <table>
      <tr>
        <th>Decided (UTC)</th>
        <th>Mail</th>
        <th>State</th>
      </tr>
      ${mails.slice(0, shown.undelivered).map(
        ({ report, attempts, refusal }) =>
          html`<tr>
            <td class="t">${visible(report.decidedAt).slice(0, 16).replace('T', ' ')}</td>
            <td class="w">${truncate(visible(alertSummaryOf(report).subject), 200)}</td>
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

function startOf(window: WindowRecord): number {
  return Date.parse(window.windowStart);
}

/** `2026-11-20 10:05`, and the seconds of windows shorter than a minute. */
function timeOf({ windowStart }: WindowRecord): string {
  return visible(windowStart).slice(0, 19).replace('T', ' ').replace(/:00$/, '');
}

function nameOf(origin: string): string {
  return truncate(visible(origin), 80);
}
