import { TelltaleError } from '../../../errors';
import type { Incident, Mailed } from './incidents';
import type { CheckedRule } from './rules';
import {
  isBoolean,
  isListOf,
  isNullOr,
  isNumber,
  isObjectOf,
  isOneOf,
  isPairOf,
  isString,
  parseJson,
  type Guard,
} from '../../../stream/shape';

/** What alerting restores itself from: the value of its head record, together with topic `windows` (rule 17). */
export interface Head {
  readonly v: 1;
  /** Epoch milliseconds. */
  readonly now: number;
  /** By partition of `windows`: the lowest offset that holds a kept window; null when none is kept. */
  readonly partitions: readonly PartitionHead[];
  readonly incidents: readonly HeadIncident[];
}

export interface PartitionHead {
  readonly restoreFrom: number | null;
}

/** An incident, with its breaches as runs [first start, number of windows]. */
type HeadIncident = Omit<Incident, 'breaches' | 'touched' | 'mailed'> & {
  /** The rule's definition as of then. */
  readonly definition: string;
  readonly runs: readonly (readonly [number, number])[];
  readonly mailed: Mailed | null;
};

const isMailed: Guard<Mailed> = isObjectOf<Mailed>({
  lastAt: isNumber,
  reminders: isNumber,
  resolutions: isNumber,
  newPatterns: isNumber,
  toldOver: isBoolean,
  patterns: isNullOr(isListOf(isString)),
});

const isHead: Guard<Head> = isObjectOf<Head>({
  v: isOneOf(1),
  now: isNumber,
  partitions: isListOf(isObjectOf<PartitionHead>({ restoreFrom: isNullOr(isNumber) })),
  incidents: isListOf(
    isObjectOf<HeadIncident>({
      id: isString,
      rule: isString,
      definition: isString,
      group: isString,
      openedBy: isNumber,
      openedAt: isNumber,
      runs: isListOf(isPairOf(isNumber)),
      from: isNumber,
      to: isNumber,
      changedAt: isNumber,
      late: isBoolean,
      closed: isBoolean,
      mailed: isNullOr(isMailed),
    }),
  ),
});

export function encodeHead(head: Head): Buffer {
  return Buffer.from(JSON.stringify(head), 'utf8');
}

/** @throws INTERNAL when it is not a head that this version understands */
export function decodeHead(value: Buffer): Head {
  const head = parseJson(value, isHead);
  if (head === null) {
    throw new TelltaleError(
      'INTERNAL',
      'The head record alerting/0 in topic "state" cannot be read; run the version of Telltale that wrote it.',
    );
  }
  return head;
}

export function toHead(incident: Incident, rule: CheckedRule): HeadIncident {
  const { closed, mailed } = incident;
  return {
    ...common(incident),
    definition: rule.definition,
    runs: runsOf(incident.breaches, rule.windowMs),
    // Of a closed incident no pattern is news: when it opens again, its mail lists them all.
    mailed: closed && mailed !== null ? { ...mailed, patterns: null } : mailed,
  };
}

export function fromHead(incident: HeadIncident, rule: CheckedRule): Incident {
  const breaches = incident.runs.flatMap(([start, n]) =>
    Array.from({ length: n }, (_, i) => start + i * rule.windowMs),
  );
  // What was not looked through for new patterns before is looked through again: none of what was mailed is new.
  const touched = new Set(incident.closed ? [] : breaches);
  return { ...common(incident), breaches, touched, mailed: incident.mailed };
}

function common(incident: Incident | HeadIncident): Omit<Incident, 'breaches' | 'touched' | 'mailed'> {
  const { id, rule, group, openedBy, openedAt, from, to, changedAt, late, closed } = incident;
  return { id, rule, group, openedBy, openedAt, from, to, changedAt, late, closed };
}

function runsOf(breaches: readonly number[], windowMs: number): [number, number][] {
  const runs: [number, number][] = [];
  for (const start of breaches) {
    const run = runs.at(-1);
    if (run !== undefined && run[0] + run[1] * windowMs === start) run[1]++;
    else runs.push([start, 1]);
  }
  return runs;
}
