import type { Output } from '../../../stream/job';
import { alertingStateTopic } from '../topics';
import {
  isBoolean,
  isListOf,
  isMissingOr,
  isNullOr,
  isNumber,
  isObjectOf,
  isOneOf,
  isPairOf,
  isString,
  parseJson,
  type Guard,
} from '../../../stream/shape';
import type { Incident, Incidents, Mailed } from './incidents';
import type { CheckedRule } from './rules';
import type { Told } from './told';

/**
 * Records of topic `alerting-state`: one per incident, with key `{"incident":id}` and the value below. A tombstone says that
 * an incident was evicted, or that its rule has changed.
 */
export interface IncidentRecord extends Omit<
  Incident,
  'breaches' | 'touched' | 'flaps' | 'mergedInto' | 'mailed' | 'owedTo'
> {
  /** Missing means 0. */
  readonly flaps?: number | undefined;
  /** Missing means null. */
  readonly mergedInto?: string | undefined;
  readonly mailed: StoredMailed | null;
  /** Missing where there are none. */
  readonly owedTo?: readonly string[] | undefined;
  /** The rule's definition as of then. */
  readonly definition: string;
  /** Its breaches as runs: start of the first one, and how many follow one another. */
  readonly runs: readonly (readonly [number, number])[];
  /** From one breach of a run to the next, milliseconds. Missing where it is the rule's window, as in records of earlier previews. */
  readonly slide?: number | undefined;
}

/** Bounds the size of a record. Older runs are dropped: by then, their windows are evicted, too. */
const maxRuns = 10_000;

/** Earlier versions wrote neither `reopenings`, `growths` nor `told`. */
interface StoredMailed extends Omit<Mailed, 'reopenings' | 'growths' | 'told'> {
  readonly reopenings?: number | undefined;
  readonly growths?: number | undefined;
  readonly told?: Told | null | undefined;
}

const isTold: Guard<Told> = isObjectOf<Told>({
  lines: isNumber,
  worst: isNumber,
  breaches: isNumber,
  from: isNumber,
  to: isNumber,
  hosts: isNullOr(isListOf(isString)),
  hostCount: isNumber,
});

const isMailed: Guard<StoredMailed> = isObjectOf<StoredMailed>({
  lastAt: isNumber,
  reminders: isNumber,
  resolutions: isNumber,
  newPatterns: isNumber,
  toldOver: isBoolean,
  reopenings: isMissingOr(isNumber),
  growths: isMissingOr(isNumber),
  patterns: isNullOr(isListOf(isString)),
  told: isMissingOr(isNullOr(isTold)),
});

export const isIncidentRecord: Guard<IncidentRecord> = isObjectOf<IncidentRecord>({
  id: isString,
  rule: isString,
  definition: isString,
  group: isString,
  openedBy: isNumber,
  openedAt: isNumber,
  runs: isListOf(isPairOf(isNumber)),
  slide: isMissingOr(isNumber),
  from: isNumber,
  to: isNumber,
  flaps: isMissingOr(isNumber),
  changedAt: isNumber,
  late: isBoolean,
  closed: isBoolean,
  mergedInto: isMissingOr(isString),
  mailed: isNullOr(isMailed),
  owedTo: isMissingOr(isListOf(isString)),
});

type Stored = IncidentRecord & { readonly v: 1 };

const isVersion1: Guard<{ readonly v: 1 }> = isObjectOf({ v: isOneOf(1) });
const isStored: Guard<Stored> = (value): value is Stored => isVersion1(value) && isIncidentRecord(value);

const isKey: Guard<{ readonly incident: string }> = isObjectOf({ incident: isString });

/** Takes the records of the incidents that have changed since the last call. @param now epoch milliseconds */
export function takeIncidentRecords(
  incidents: Incidents,
  ruleOf: (incident: Incident) => CheckedRule,
  now: number,
): Output[] {
  return incidents.takeUnwritten().map(({ id, incident }) => ({
    topic: alertingStateTopic.name,
    key: Buffer.from(JSON.stringify({ incident: id })),
    value: incident === null ? null : Buffer.from(JSON.stringify(toRecord(incident, ruleOf(incident)))),
    timestamp: now,
  }));
}

/** Restores one record; called in the order of the topic. @returns false for one that this version cannot read */
export function restoreIncident(
  incidents: Incidents,
  rules: ReadonlyMap<string, CheckedRule>,
  { key, value }: { readonly key: Buffer | null; readonly value: Buffer | null },
): boolean {
  const id = key === null ? undefined : parseJson(key, isKey)?.incident;
  const record = value === null ? null : parseJson(value, isStored);
  if (id === undefined || (value !== null && record === null)) return false;
  const incident = record === null ? null : fromRecord(record, rules);
  incidents.restore(id, incident);
  if (record !== null && incident === null) incidents.unwritten.add(id);
  return true;
}

function toRecord(incident: Incident, rule: CheckedRule): Stored {
  const { id, group, openedBy, openedAt, breaches, from, to, flaps, changedAt, late, closed } = incident;
  const { mergedInto, mailed, owedTo } = incident;
  const { name, definition, windowMs, slideMs } = rule;
  return {
    v: 1,
    ...{ id, rule: name, definition, group, openedBy, openedAt, from, to, changedAt, late, closed },
    ...(flaps === 0 ? {} : { flaps }),
    ...(mergedInto === null ? {} : { mergedInto }),
    runs: runsOf(breaches, slideMs).slice(-maxRuns),
    ...(slideMs === windowMs ? {} : { slide: slideMs }),
    // No pattern of a closed incident is new: when it opens again, its mail lists them all.
    mailed: closed && mailed !== null ? { ...mailed, patterns: null } : mailed,
    ...(owedTo.length === 0 ? {} : { owedTo }),
  };
}

/** Null when the incident's rule has changed: a changed rule is a new one. */
export function fromRecord(
  { definition, runs, slide, ...rest }: IncidentRecord,
  rules: ReadonlyMap<string, CheckedRule>,
): Incident | null {
  const rule = rules.get(rest.rule);
  if (rule?.definition !== definition) return null;
  const step = slide ?? rule.windowMs;
  const breaches = runs.flatMap(([start, n]) => Array.from({ length: n }, (_, i) => start + i * step));
  const { id, group, openedBy, openedAt, from, to, flaps = 0, changedAt, late, closed } = rest;
  const { mergedInto = null, owedTo = [] } = rest;
  const mailed = rest.mailed === null ? null : readMailed(rest.mailed);
  // Checks all windows for new patterns: the record does not say which ones were checked, and mailed patterns are not new.
  const touched = new Set(closed ? [] : breaches);
  return {
    ...{ id, rule: rule.name, group, openedBy, openedAt, from, to, flaps, changedAt, late, closed },
    ...{ mergedInto, mailed, owedTo },
    breaches,
    touched,
  };
}

function readMailed(stored: StoredMailed): Mailed {
  const { lastAt, reminders, resolutions, newPatterns, reopenings = 0, growths = 0 } = stored;
  const { toldOver, patterns, told = null } = stored;
  return { lastAt, reminders, resolutions, newPatterns, reopenings, growths, toldOver, patterns, told };
}

function runsOf(breaches: readonly number[], stepMs: number): [number, number][] {
  const runs: [number, number][] = [];
  for (const start of breaches) {
    const run = runs.at(-1);
    if (run !== undefined && run[0] + run[1] * stepMs === start) run[1]++;
    else runs.push([start, 1]);
  }
  return runs;
}
