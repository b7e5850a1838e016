import { html, truncate, visible, type Markup } from '../../html/escape';
import { isPoorlyUnderstood } from '../../lines/recognition';
import { sourcesNotUnderstood } from './alerting/poor-sources';
import type { NotUnderstood, WindowRecord } from './counting/window-record';
import { redact } from './mail/redact';
import { formatCount, pluralize } from './mail/words';

/** Bounds of the section, in rows and characters. */
const shown = { sources: 20, name: 120, line: 160 };

/** Windows that name sources of which lines were not understood; few have any. The oldest of too many leave first. */
const KEPT_WINDOWS = 5_000;

/** The sources in windows of which lines were not understood, kept apart: a page must not search all windows for them. */
export class SourcesNotUnderstood {
  private readonly windows = new Map<string, WindowRecord>();

  /** Takes the latest revision of a window, by its key; null when it is gone. */
  put(key: string, window: WindowRecord | null): void {
    this.windows.delete(key);
    if (window?.notUnderstood === undefined) return;
    this.windows.set(key, window);
    for (const oldest of this.windows.keys()) {
      if (this.windows.size <= KEPT_WINDOWS) break;
      this.windows.delete(oldest);
    }
  }

  /** Poorly understood sources, highest share first. */
  section(): Markup {
    return notUnderstoodSection(sourcesNotUnderstood(this.windows.values()));
  }
}

/** Nothing when each of the sources was mostly understood. */
export function notUnderstoodSection(sources: readonly NotUnderstood[]): Markup {
  const poor = sources
    .filter((source) => isPoorlyUnderstood({ ...source, first: null }))
    .sort((a, b) => shareOf(b) - shareOf(a) || b.unparsed - a.unparsed || (a.source < b.source ? -1 : 1));
  if (poor.length === 0) return html``;
  const hidden = poor.length - shown.sources;
  return html`<section>
    <h2>Files that are not understood</h2>
    <p>
      Their counts may be too low. <code>telltale check FILE</code> shows how the lines of a file are read, and proposes
      a format for <code>ingest.sources</code>. The shares are of lines that count in the same windows;
      <code>telltale audit</code> shows the shares of whole files.
    </p>
    <table class="stack">
      <tr>
        <th>File</th>
        <th class="n">Share</th>
        <th class="n wide">Lines</th>
        <th>First such line</th>
      </tr>
      ${poor.slice(0, shown.sources).map(
        (one) =>
          html`<tr>
            <td class="w">${truncate(visible(one.source), shown.name)}</td>
            <td class="n alarm">${Math.round(100 * shareOf(one))} %</td>
            <td class="n wide">${formatCount(one.unparsed)} of ${formatCount(one.lines)}</td>
            <td class="w">${truncate(visible(redact(one.text)), shown.line)}</td>
          </tr>`,
      )}
    </table>
    ${hidden > 0 ? html`<p class="mute">and ${pluralize(hidden, 'other file')}</p>` : ''}
  </section>`;
}

function shareOf({ lines, unparsed }: NotUnderstood): number {
  return unparsed / Math.max(1, lines);
}
