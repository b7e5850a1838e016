import { lineAt, type LineBatch } from '../../../lines/line-batch';
import type { SampleLine } from './window-record';
import { lineText } from './line-text';

/** An error line kept word for word; its place is split into fields that can be compared. */
export interface Sample {
  readonly source: string;
  readonly generation: number;
  readonly offset: number;
  readonly text: string;
}

/** How many samples a window keeps: the lowest by (source, generation, offset). */
const maxSamples = 3;

/** Keeps line `i` if it is among the lowest; `samples` stays sorted. */
export function keepSample(samples: Sample[], lines: LineBatch, i: number): void {
  const place = { source: lines.source, generation: lines.generation, offset: lines.offsets[i] ?? 0 };
  const last = samples[maxSamples - 1];
  if (last !== undefined && !isBefore(place, last)) return;
  const at = samples.findIndex((sample) => isBefore(place, sample));
  samples.splice(at < 0 ? samples.length : at, 0, { ...place, text: lineText(lineAt(lines, i)) });
  samples.length = Math.min(samples.length, maxSamples);
}

export function toSampleLine(sample: Sample): SampleLine {
  return { source: sample.source, at: `${sample.generation}:${sample.offset}`, text: sample.text };
}

export function fromSampleLine(line: SampleLine): Sample {
  const [generation, offset] = line.at.split(':').map(Number);
  return { source: line.source, generation: generation ?? 0, offset: offset ?? 0, text: line.text };
}

function isBefore(a: Omit<Sample, 'text'>, b: Omit<Sample, 'text'>): boolean {
  if (a.source !== b.source) return a.source < b.source;
  return a.generation === b.generation ? a.offset < b.offset : a.generation < b.generation;
}
