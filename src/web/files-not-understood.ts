import { html, truncate, visible, type Markup } from '../html/escape';
import { isPoorlyUnderstood, mayBePoorlyUnderstood, notUnderstood, type Recognition } from '../lines/recognition';
import { formatCount, share } from '../pluralize';
import { redact } from '../redact';
import type { Metric } from '../stream/view';

/** Bounds of the section, in rows and characters. */
const shown = { files: 20, name: 120, line: 160 };

/** Poorly understood files that are kept, by share and lines; up to twice as many while they come. */
const KEPT_FILES = 5_000;

/** A source that is poorly understood, or perhaps. */
interface File {
  readonly source: string;
  readonly lines: number;
  /** Those that are not understood. */
  readonly poor: number;
  readonly first: Recognition['first'];
  /** True when the lines are stray ones: perhaps they are understood. */
  readonly isDoubtful: boolean;
}

function fileOf(source: string, recognition: Recognition): File | null {
  const { lines, first, stray, firstStray } = recognition;
  if (isPoorlyUnderstood(recognition)) {
    return { source, lines, poor: notUnderstood(recognition), first: first ?? firstStray, isDoubtful: false };
  }
  return mayBePoorlyUnderstood(recognition)
    ? { source, lines, poor: stray, first: firstStray, isDoubtful: true }
    : null;
}

/** The sources that are poorly understood, by their latest checkpoints: for the status page, and for a metric. */
export class FilesNotUnderstood {
  private readonly files = new Map<string, File>();
  /** True when more were poorly understood than are kept. */
  private isPartial = false;
  private failure: string | null = null;

  /** Takes the latest recognition of a source, at its end; null when nothing is known of it, or it has ended. */
  put(source: string, recognition: Recognition | null): void {
    this.files.delete(source);
    const file = recognition === null ? null : fileOf(source, recognition);
    if (file === null) return;
    this.files.set(source, file);
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
        help: 'Sources of which more than a fifth of the lines is not understood now, or perhaps not.',
        type: 'gauge',
        value: this.files.size,
      },
    ];
  }

  private worst(count: number): readonly File[] {
    return [...this.files.values()].sort(worstFirst).slice(0, count);
  }

  private trim(): void {
    const kept = this.worst(KEPT_FILES);
    this.files.clear();
    for (const file of kept) this.files.set(file.source, file);
    this.isPartial = true;
  }
}

function worstFirst(a: File, b: File): number {
  const byDoubt = Number(a.isDoubtful) - Number(b.isDoubtful);
  return byDoubt || shareOf(b) - shareOf(a) || b.poor - a.poor || (a.source < b.source ? -1 : 1);
}

function shareOf({ lines, poor }: File): number {
  return poor / Math.max(1, lines);
}

function poorSection(files: readonly File[], all: number, isPartial: boolean): Markup {
  const hidden = all - files.length;
  return html`<section>
    <h2>Files that are not understood</h2>
    <p>
      Errors in such lines are not counted. <code>telltale check FILE</code> shows how the lines of a file are read, and
      proposes a format for <code>ingest.sources</code>. “Perhaps” stands for lines without indent that were read as the
      continuation of the record above them. The shares are of whole files, as in <code>telltale audit</code>.
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

function fileRow({ source, lines, poor, first, isDoubtful }: File): Markup {
  const text = first === null ? '' : truncate(visible(redact(first.text)), shown.line);
  const line = first === null ? '' : html`<span class="mute">line ${formatCount(first.line)}</span> ${text}`;
  return html`<tr>
    <td class="w">${truncate(visible(source), shown.name)}</td>
    <td class="n ${isDoubtful ? 'warning' : 'alarm'}">${isDoubtful ? 'perhaps ' : ''}${share(poor, lines)}</td>
    <td class="n wide">${formatCount(poor)} of ${formatCount(lines)}</td>
    <td class="w">${line}</td>
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
