import { html, truncate, visible, type Markup } from '../html/escape';
import { isPoorlyUnderstood, type Recognition } from '../lines/recognition';
import { formatCount } from '../pluralize';
import { redact } from '../redact';
import type { Metric } from '../stream/view';

/** Bounds of the section, in rows and characters. */
const shown = { files: 20, name: 120, line: 160 };

/** Poorly understood files that are kept, by share and lines; up to twice as many while they come. */
const KEPT_FILES = 5_000;

/** A poorly understood source. */
interface File {
  readonly source: string;
  readonly recognition: Recognition;
}

/** The sources that are poorly understood, by their latest checkpoints: for the status page, and for a metric. */
export class FilesNotUnderstood {
  private readonly files = new Map<string, Recognition>();
  /** True when more were poorly understood than are kept. */
  private isPartial = false;
  private failure: string | null = null;

  /** Takes the latest recognition of a source; null when nothing is known of it, or it has ended. */
  put(source: string, recognition: Recognition | null): void {
    this.files.delete(source);
    if (recognition === null || !isPoorlyUnderstood(recognition)) return;
    this.files.set(source, recognition);
    if (this.files.size > 2 * KEPT_FILES) this.trim();
  }

  /** The checkpoints cannot be followed any more. @param reason a sentence for people */
  fail(reason: string): void {
    this.failure ??= reason;
  }

  /** Nothing while each file is mostly understood. */
  section(): Markup {
    if (this.failure !== null) return failedSection(this.failure);
    const { size } = this.files;
    return size === 0 ? html`` : poorSection(this.worst(shown.files), size, this.isPartial);
  }

  /** None when the checkpoints cannot be followed: 0 would say that all is understood. */
  metrics(): readonly Metric[] {
    if (this.failure !== null) return [];
    return [
      {
        name: 'telltale_poorly_understood_sources',
        help: 'Sources of which more than a fifth of the lines is not understood, now.',
        type: 'gauge',
        value: this.files.size,
      },
    ];
  }

  private worst(count: number): readonly File[] {
    return [...this.files]
      .map(([source, recognition]) => ({ source, recognition }))
      .sort(worstFirst)
      .slice(0, count);
  }

  private trim(): void {
    const kept = this.worst(KEPT_FILES);
    this.files.clear();
    for (const { source, recognition } of kept) this.files.set(source, recognition);
    this.isPartial = true;
  }
}

function worstFirst(a: File, b: File): number {
  const byShare = shareOf(b.recognition) - shareOf(a.recognition);
  return byShare || b.recognition.unparsed - a.recognition.unparsed || (a.source < b.source ? -1 : 1);
}

function shareOf({ lines, unparsed }: Recognition): number {
  return unparsed / Math.max(1, lines);
}

function poorSection(files: readonly File[], all: number, isPartial: boolean): Markup {
  const hidden = all - files.length;
  return html`<section>
    <h2>Files that are not understood</h2>
    <p>
      Lines that are not understood are in no count. <code>telltale check FILE</code> shows how the lines of a file are
      read, and proposes a format for <code>ingest.sources</code>. The shares are of all lines of the file, as
      <code>telltale audit</code> shows them.
    </p>
    <table class="stack">
      <tr>
        <th>File</th>
        <th class="n">Share</th>
        <th class="n wide">Lines</th>
        <th>First such line</th>
      </tr>
      ${files.map(fileRow)}
    </table>
    ${hidden > 0 ? html`<p class="mute">and ${isPartial ? 'more than ' : ''}${others(hidden)}</p>` : ''}
  </section>`;
}

function fileRow({ source, recognition }: File): Markup {
  const { lines, unparsed, first } = recognition;
  const text = first === null ? '' : truncate(visible(redact(first.text)), shown.line);
  return html`<tr>
    <td class="w">${truncate(visible(source), shown.name)}</td>
    <td class="n alarm">${Math.round(100 * shareOf(recognition))} %</td>
    <td class="n wide">${formatCount(unparsed)} of ${formatCount(lines)}</td>
    <td class="w">${first === null ? '' : html`<span class="mute">line ${formatCount(first.line)}</span> ${text}`}</td>
  </tr>`;
}

function others(count: number): string {
  return count === 1 ? '1 other file' : `${formatCount(count)} other files`;
}

function failedSection(reason: string): Markup {
  return html`<section>
    <h2 class="alarm">Files that are not understood</h2>
    <p>This page cannot tell which files are not understood: ${visible(reason)}</p>
    <p><code>telltale audit</code> shows them, too.</p>
  </section>`;
}
