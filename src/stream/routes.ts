/** Who would get a message, and why: `telltale routes explain`. */
export interface RouteQuestion {
  readonly host: string | null;
  readonly rule: string | null;
  readonly level: string | null;
  readonly severity: string | null;
  readonly pattern: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface RouteExplanation {
  /** Names. */
  readonly receivers: readonly string[];
  /** Why these. */
  readonly because: string;
  readonly routes: readonly ExplainedRoute[];
}

export interface ExplainedRoute {
  readonly name: string;
  readonly result: 'matched' | 'failed' | 'not reached';
  /** The conditions that do not hold, each with the reason. */
  readonly reasons: readonly string[];
  readonly receivers: readonly string[];
}
