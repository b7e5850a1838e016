import type { WindowRecord } from '../../src/pipelines/level-alerts/counting/window-record';

/** The fields in which `replay`, `local --once` and a live run agree for the same lines (rule 19). */
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

/** What `--json` printed, by type. */
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
