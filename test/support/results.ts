import type { WindowRecord } from '../../src/pipelines/level-alerts/counting/window-record';

/** The fields that are equal for `replay`, `local --once` and a live run over the same lines (`replay-equals-live`). */
export function comparable(window: WindowRecord): object {
  const { origin, windowStart, counts, continuation, unparsed, lines, patterns, otherPatterns } = window;
  return {
    origin,
    windowStart,
    counts,
    continuation,
    unparsed,
    lines,
    patterns: otherPatterns === 0 ? patterns : null,
  };
}

/** The output of `--json`, by type. */
export function parseResults(out: string): { windows: WindowRecord[]; mails: unknown[]; summary: unknown } {
  const windows: WindowRecord[] = [];
  const mails: unknown[] = [];
  let summary: unknown = null;
  for (const line of out.trim().split('\n')) {
    const result = JSON.parse(line) as { type: string; window?: WindowRecord; mail?: unknown };
    if (result.type === 'window' && result.window !== undefined) windows.push(result.window);
    else if (result.type === 'mail') mails.push(result.mail);
    else summary = result;
  }
  return { windows, mails, summary };
}
