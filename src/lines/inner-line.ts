import { escape, initialUnwrapped, maxWrappers, plainHead, stripColors, wrappersFor } from './wrappers';

const unwrapped = initialUnwrapped();

/**
 * The program's own line, as text, without what containers and tools put around it and without colors; the line itself when
 * nothing is around it. Only the first `maxBytes` bytes count.
 */
export function innerLine(line: Buffer, maxBytes: number): Buffer {
  let inner = line;
  for (let depth = 0; depth < maxWrappers; depth++) {
    const [first] = inner;
    if (first === undefined) return inner;
    const bytes = inner;
    const wrapper = wrappersFor(first).find((one) => one.unwrap(bytes, 0, bytes.length, unwrapped));
    if (wrapper === undefined) break;
    // The buffer may be that of the next wrapped line, too.
    inner = Buffer.from(unwrapped.bytes.subarray(unwrapped.start, Math.min(unwrapped.end, unwrapped.start + maxBytes)));
  }
  return inner.includes(escape) ? Buffer.from(plainHead.subarray(0, stripColors(inner, 0, inner.length))) : inner;
}
