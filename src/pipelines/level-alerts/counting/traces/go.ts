import { goLibrary } from './libraries';
import { short, type Trace } from './trace';

/**
 * A panic of Go: each frame is a line with the function and one with its file. Frames above `panic(` are those of the code that
 * handles it. Only the first goroutine counts: it is the one that failed.
 */
export function readGoLine(trace: Trace, line: string): Trace {
  if (/^goroutine \d+ /.test(line))
    return trace.frame === null ? { ...trace, type: trace.guess ?? 'panic' } : { ...trace, closed: true };
  if (line.startsWith('panic(')) return { ...trace, frame: null, pending: null };
  const file = /^\s+(\S+\.go):\d+/.exec(line)?.[1];
  if (file !== undefined) {
    if (trace.pending === null || trace.frame !== null) return trace;
    return { ...trace, frame: goLibrary.test(file) ? null : trace.pending, pending: null };
  }
  if (line.startsWith('created by ')) return trace.frame === null ? trace : { ...trace, closed: true };
  const name = /^([^\s(][^\s]*)\(.*\)$/.exec(line)?.[1];
  // `github.com/acme/shop/cart.(*Cart).Total`: the package's path changes with each fork.
  return name === undefined || trace.frame !== null
    ? trace
    : { ...trace, pending: short(name.slice(name.lastIndexOf('/') + 1)) };
}
