import { lineAt, type LineBatch } from '../../../lines/line-batch';
import { innerLine } from '../../../lines/inner-line';
import { lineText, maxTextBytes } from './line-text';
import { addPattern, takePattern } from './pattern-sums';
import { cutPattern, maskMessage } from './patterns';
import { keepSample } from './samples';
import { jsonTrace } from './traces/json-trace';
import { beginTrace, readTraceLine, stackTracePattern } from './traces/stack-trace';
import type { Trace } from './traces/trace';
import type { Window } from './window';

/** The last ERROR record of a source, while its stack trace may continue. */
export interface OpenError {
  readonly generation: number;
  /** Start of the window in which it was counted, epoch milliseconds. */
  readonly windowStart: number;
  /** The pattern that counts it; null: among the other patterns. */
  readonly pattern: string | null;
  readonly trace: Trace;
}

/** An open error between two batches of its source. */
export interface KeptError extends OpenError {
  /** The state's `arrivals` when its last line came. */
  readonly arrival: number;
}

/** Counts the pattern of ERROR line `i`, and keeps the line if it is among the window's samples. */
export function countError(window: Window, lines: LineBatch, i: number): OpenError {
  const text = innerText(lineAt(lines, i));
  // A JSON line has its trace inside.
  const trace = jsonTrace(text).reduce(readTraceLine, beginTrace(text));
  const found = stackTracePattern(trace);
  const pattern = found === null ? maskMessage(text) : cutPattern(found);
  const placed = addPattern(window.patterns, pattern);
  keepSample(window.samples, lines, i);
  return { generation: lines.generation, windowStart: window.start, pattern: placed ? pattern : null, trace };
}

/**
 * Reads a continuation line of an ERROR record. As soon as exception and frame are known, they become the record's
 * pattern; those of its cause, which come later, replace it. Once nothing more can, the record is closed, and it returns null. A line in
 * another window changes nothing: continuation lines have the event time of their record, so this one belongs to another.
 */
export function continueError(open: OpenError, window: Window, line: Buffer): OpenError | null {
  if (window.start !== open.windowStart) return open;
  const trace = readTraceLine(open.trace, innerText(line));
  return trace === open.trace ? open : withTrace(open, window, trace);
}

function withTrace(open: OpenError, window: Window, trace: Trace): OpenError | null {
  const found = stackTracePattern(trace);
  const pattern = found === null ? open.pattern : cutPattern(found);
  if (pattern === open.pattern || pattern === null) return { ...open, trace };
  takePattern(window.patterns, open.pattern);
  const placed = addPattern(window.patterns, pattern);
  return trace.closed ? null : { ...open, trace, pattern: placed ? pattern : null };
}

/** The text that the program wrote: containers put their own around each line of a trace. */
function innerText(line: Buffer): string {
  return lineText(innerLine(line, maxTextBytes));
}
