import { lineAt, type LineBatch } from '../../../lines/line-batch';
import { cutText } from './line-text';
import type { PatternSample, SampleLine } from './window-record';

/** The place of a line. */
export interface Place {
  readonly source: string;
  readonly generation: number;
  readonly offset: number;
}

/** A line kept word for word, with the telling lines of its stack trace. */
export interface Sample extends Place {
  readonly text: string;
}

/** Longest sample, in bytes of its line: a window has up to 256. */
const maxSampleBytes = 512;

export function sampleOf(lines: LineBatch, i: number): Sample {
  const text = cutText(lineAt(lines, i), maxSampleBytes);
  return { source: lines.source, generation: lines.generation, offset: lines.offsets[i] ?? 0, text };
}

/** The sample with one more line, as far as there is room. */
export function withLine(sample: Sample, line: string): Sample {
  const text = `${sample.text}\n${line}`;
  return text.length > maxSampleBytes ? sample : { ...sample, text };
}

/** @param pattern index of its pattern in the record */
export function toSampleLine(sample: Sample, pattern: number): PatternSample {
  return { source: sample.source, at: `${sample.generation}:${sample.offset}`, text: sample.text, pattern };
}

export function fromSampleLine(line: SampleLine): Sample {
  const [generation, offset] = line.at.split(':').map(Number);
  return { source: line.source, generation: generation ?? 0, offset: offset ?? 0, text: line.text };
}

export function isBefore(a: Place, b: Place): boolean {
  if (a.source !== b.source) return a.source < b.source;
  return a.generation === b.generation ? a.offset < b.offset : a.generation < b.generation;
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.source === b.source && a.generation === b.generation && a.offset === b.offset;
}
