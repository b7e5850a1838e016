import { readAtLine } from './at-frames';
import { readGoLine } from './go';
import { readPhpLine } from './php';
import { readPythonLine } from './python';
import { readRubyLine } from './ruby';
import { readRustLine } from './rust';
import { emptyTrace, sectionPattern, short, type Trace, type TraceLanguage } from './trace';

/**
 * Stack traces, line by line: the type of the root cause and the first frame of the user's own code in it, below any library's
 * frames. Where the root cause has no such frame, the nearest exception around it that has one counts. Line numbers
 * change with each release, so they are left out.
 */

/** The trace that may follow an ERROR line, as far as that line begins it. */
export function beginTrace(errorLine: string): Trace {
  const begun = { ...emptyTrace, guess: guessOf(errorLine) };
  // Ruby prints type and first frame in one line, which may be the ERROR line.
  const ruby = errorLine.search(/(?<=^|\s)[/\w.-]+\.rb:\d+:in /);
  return ruby < 0 ? begun : readTraceLine(begun, errorLine.slice(ruby));
}

/** The trace after one more continuation line; the same object when the line adds nothing. */
export function readTraceLine(trace: Trace, line: string): Trace {
  if (trace.closed) return trace;
  const language = languageOf(line);
  if (language !== null && language !== trace.language) return readers[language]({ ...trace, language }, line);
  return readers[trace.language](trace, line);
}

/** `type at frame`, or null as long as one of them is unknown. */
export function stackTracePattern(trace: Trace): string | null {
  // Python's type comes after its frames.
  return (trace.language === 'python' && !trace.closed ? null : sectionPattern(trace)) ?? trace.best;
}

const readers: Readonly<Record<TraceLanguage, (trace: Trace, line: string) => Trace>> = {
  '': readAtLine,
  python: readPythonLine,
  go: readGoLine,
  ruby: readRubyLine,
  php: readPhpLine,
  rust: readRustLine,
};

/** The language that a line shows beyond doubt. */
function languageOf(line: string): TraceLanguage | null {
  if (line.includes('Traceback (most recent call last)')) return 'python';
  if (/^goroutine \d+ /.test(line)) return 'go';
  if (/^\s*(?:from )?\S+\.rb:\d+:in /.test(line)) return 'ruby';
  if (/^\s*#\d+ /.test(line)) return 'php';
  return /^\s*(?:stack backtrace:|0: )/.test(line) ? 'rust' : null;
}

function guessOf(errorLine: string): string | null {
  const runtimeError = /\b(?:runtime error|panic): [a-z][a-z -]*[a-z]/.exec(errorLine);
  if (runtimeError !== null) return short(runtimeError[0]);
  if (errorLine.includes(' panicked at ')) return 'panic';
  const words = errorLine.match(/[\w$.\\]+:?/g) ?? [];
  const named = words.find((word) => /\w(?:Exception|Error|Throwable)\.?:?$/.test(word) || word === 'Error:');
  return named === undefined ? null : short(named.replace(/[.:]{1,2}$/, ''));
}
