import type { Level } from '../../../lines/line-batch';
import { lineAt, type LineBatch } from '../../../lines/line-batch';
import { innerLine } from '../../../lines/inner-line';
import { lineText, maxTextBytes } from './line-text';
import { addPattern, takePattern } from './pattern-sums';
import { cutPattern, maskMessage } from './patterns';
import { sampleOf, withLine, type Sample } from './samples';
import { jsonTrace } from './traces/json-trace';
import { beginTrace, readTraceLine, stackTracePattern } from './traces/stack-trace';
import type { Trace } from './traces/trace';
import { patternsOf, type Window } from './window';

/** The last record of a source whose pattern was counted, while its stack trace may continue. */
export interface OpenError {
  readonly generation: number;
  /** Start of the window in which it was counted, epoch milliseconds. */
  readonly windowStart: number;
  /** The pattern that counts it; null: among the other patterns. */
  readonly pattern: string | null;
  readonly trace: Trace;
  /** Its level: that of a rule. */
  readonly level: Level;
  /** Its line; null when an earlier version wrote the record of its state. */
  readonly sample: Sample | null;
}

/** An open error between two batches of its source. */
export interface KeptError extends OpenError {
  /** The state's `arrivals` when its last line came. */
  readonly arrival: number;
}

/** Counts the pattern of line `i`, whose level is that of a rule, and keeps the line if it is the first of its pattern. */
export function countPattern(window: Window, lines: LineBatch, i: number, level: Level): OpenError {
  const text = innerText(lineAt(lines, i));
  // A JSON line has its trace inside.
  const trace = jsonTrace(text).reduce(readTraceLine, beginTrace(text));
  const found = stackTracePattern(trace);
  const pattern = found === null ? maskMessage(text) : cutPattern(found);
  const sample = sampleOf(lines, i);
  const placed = addPattern(patternsOf(window, level), pattern, 1, sample);
  const { generation } = lines;
  return { generation, windowStart: window.start, pattern: placed ? pattern : null, trace, level, sample };
}

/**
 * Reads a continuation line of an ERROR record. As soon as exception and frame are known, they become the record's
 * pattern; those of its cause, which come later, replace it. Once nothing more can, the record is closed, and it returns null. A line in
 * another window changes nothing: continuation lines have the event time of their record, so this one belongs to another.
 */
export function continueError(open: OpenError, window: Window, line: Buffer): OpenError | null {
  if (window.start !== open.windowStart) return open;
  const text = innerText(line);
  const trace = readTraceLine(open.trace, text);
  if (trace === open.trace) return open;
  const tells = trace.type !== open.trace.type || trace.frame !== open.trace.frame;
  const sample = tells && open.sample !== null ? withLine(open.sample, text) : open.sample;
  return withTrace({ ...open, sample }, window, trace);
}

function withTrace(open: OpenError, window: Window, trace: Trace): OpenError | null {
  const found = stackTracePattern(trace);
  const pattern = found === null ? open.pattern : cutPattern(found);
  if (pattern === open.pattern || pattern === null) return { ...open, trace };
  const sums = patternsOf(window, open.level);
  takePattern(sums, open.pattern, open.sample);
  const placed = addPattern(sums, pattern, 1, open.sample);
  return trace.closed ? null : { ...open, trace, pattern: placed ? pattern : null };
}

/** The text that the program wrote: containers put their own around each line of a trace. */
function innerText(line: Buffer): string {
  return lineText(innerLine(line, maxTextBytes));
}
