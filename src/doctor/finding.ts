/** `unknown`: it could not be found out, within its time or with these rights. */
export type State = 'ok' | 'warn' | 'fail' | 'unknown';

/** The answer of a check. */
export interface Finding {
  /** The same in every answer of the check: `bucket versions`. */
  readonly check: string;
  readonly state: State;
  /** A sentence without its full stop. */
  readonly says: string;
  /** The remedy; null when none is needed. */
  readonly advice: string | null;
}

export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says, advice: null };
}

export function warn(check: string, says: string, advice: string): Finding {
  return { check, state: 'warn', says, advice };
}

export function fail(check: string, says: string, advice: string): Finding {
  return { check, state: 'fail', says, advice };
}

export function unknown(check: string, says: string, advice: string): Finding {
  return { check, state: 'unknown', says, advice };
}

/** 1 when a check failed or found nothing out; warnings do not count. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ state }) => state === 'fail' || state === 'unknown') ? 1 : 0;
}
