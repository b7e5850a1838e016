import { rustLibrary } from './libraries';
import { short, type Trace } from './trace';

/** A backtrace of Rust: `3: shop::refund::total`, with the file in the next line. */
export function readRustLine(trace: Trace, line: string): Trace {
  const found = /^\s*\d+: +(?:0x[0-9a-f]+ - )?(\S.*)$/.exec(line)?.[1];
  if (found === undefined || trace.frame !== null) return trace;
  const name = found.replace(/::h[0-9a-f]{16}$/, '');
  return rustLibrary.test(name)
    ? trace
    : { ...trace, type: trace.type ?? trace.guess ?? 'panic', frame: short(name), closed: true };
}
