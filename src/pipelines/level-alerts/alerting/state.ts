import { Backlog } from './backlog';
import { TelltaleError } from '../../../errors';
import type { Output, UnreadableInput } from '../../../stream/job';
import type { ClockDoubt } from '../../../stream/job-clock';
import type { RoutedFacts } from '../routing/route';
import type { Cap, Channel, Recipient } from './gather';
import { decodeHead, encodeHead, type PartitionHead } from './head';
import { fromRecord } from './incident-records';
import { Incidents, type Breach, type Incident } from './incidents';
import { KeptWindows } from './kept-windows';
import type { Transition } from './mail-report';
import type { CheckedRule, Rule } from './rules';
import { IncidentFigures } from './told';

/** Lengths are milliseconds. */
export interface AlertingOptions {
  /** Partitions of topic `windows`. */
  readonly partitions: number;
  /** The window of counting. */
  readonly windowMs: number;
  readonly rules: readonly Rule[];
  /** From the opening of an incident to its first mail, for rules without a `groupWaitMs` of their own. */
  readonly groupWaitMs: number;
  /** From the first mail of an incident to its first reminder; doubles with every reminder. More than 0. */
  readonly repeatIntervalMs: number;
  /** An incident is over when complete windows that cover this much event time after its last breach held no breach. */
  readonly resolveAfterMs: number;
  /** Breaches in windows that ended longer ago when they arrived go into a digest. */
  readonly digestAfterMs: number;
  /**
   * How long to wait for the barrier after which a backlog is read (`progress.ts`), in milliseconds. 0: the windows that are
   * there are all.
   */
  readonly barrierWaitMs: number;
  /** How long windows and closed incidents are kept after their last change. */
  readonly keepWindowsMs: number;
  /** How many messages a receiver gets at most before they are gathered. */
  readonly cap: Cap;
  /** Who gets a message that is decided at a time (epoch milliseconds): at least one receiver. */
  readonly recipientsOf: (facts: RoutedFacts, transition: Transition, at: number) => readonly Recipient[];
}

export interface AlertingState {
  readonly options: AlertingOptions;
  readonly rules: ReadonlyMap<string, CheckedRule>;
  readonly windows: KeptWindows;
  readonly incidents: Incidents;
  /** By the name of a receiver. */
  channels: ReadonlyMap<string, Channel>;
  readonly figures: IncidentFigures;
  /** Breaches found after mails were last decided, by rule, group and start. */
  readonly breaches: Map<string, Breach>;
  /** For rules that are evaluated when windows are complete, by rule and group: windows that start earlier were evaluated. */
  readonly evaluatedUntil: Map<string, Map<string, number>>;
  /** True until the first step after a restart. */
  restoring: boolean;
  /** The largest record timestamp, tick or due time so far, epoch milliseconds; goes back only with the clock (`JobClock`). */
  now: number;
  /** See `JobClock`. */
  doubtedSince: number | null;
  doubts: ClockDoubt[];
  readonly backlog: Backlog;
  /** As of the last tick. */
  isBacklogKnown: boolean;
  /** True while no record has arrived since the input was read to its end. */
  backlogRead: boolean;
  /** True when rules without hosts were told. */
  toldUnmatched: boolean;
  /** True when no more input will ever come. */
  ended: boolean;
  /** True when something was folded after mails were last decided. */
  undecided: boolean;
  /** True when topic `alerting-state` holds the incidents: there is a head, and it does not hold them itself. */
  readonly restoresIncidents: boolean;
  /** True when there is no head: the job starts, or starts over, and the outbox names the incidents that were mailed. */
  readonly recallsMails: boolean;
  /**
   * True from such a start until the input is read to its end. Mailed incidents wait until then: their windows are not all
   * read again. None is evicted to make room.
   */
  recalling: boolean;
  /**
   * Incidents that ended by then and have no mail get none: the event log was rebuilt, and does not show whether they were
   * mailed. Epoch milliseconds.
   */
  quietUntil: number;
  /** Incidents that were closed without a mail since the last flush. */
  suppressed: number;
  /** By partition of `windows`, as the head says. */
  readonly restoreFrom: readonly (number | null)[];
  outputs: Output[];
  /** By partition of `windows`. */
  readonly unreadable: Map<number, UnreadableInput>;
  changed: boolean;
}

/** From the value of the head record, or from nothing. */
export function openState(
  options: AlertingOptions,
  rules: ReadonlyMap<string, CheckedRule>,
  value: Buffer | null,
): AlertingState {
  const head = value === null ? null : decodeHead(value);
  const incidents = new Incidents();
  for (const record of head?.v === 1 ? head.incidents : []) {
    const incident = fromRecord(record, rules);
    if (incident !== null) incidents.add(incident);
  }
  const partitions = Array.from({ length: options.partitions }, (_, i) => head?.partitions[i] ?? untouched);
  const windows = new KeptWindows(options.partitions, options.windowMs, [...rules.values()]);
  return {
    options,
    rules,
    windows,
    incidents,
    channels: new Map(head?.v === 2 ? Object.entries(head.channels ?? {}) : []),
    figures: new IncidentFigures(windows),
    breaches: new Map(),
    evaluatedUntil: new Map(),
    restoring: head !== null,
    now: head?.now ?? 0,
    doubtedSince: null,
    doubts: [],
    backlog: new Backlog(options.barrierWaitMs),
    isBacklogKnown: options.barrierWaitMs === 0,
    backlogRead: false,
    toldUnmatched: false,
    ended: false,
    undecided: false,
    restoresIncidents: head?.v === 2,
    recallsMails: head === null,
    recalling: head?.v === 2 && head.recalling === true,
    quietUntil: head?.v === 2 ? (head.quietUntil ?? 0) : 0,
    suppressed: 0,
    restoreFrom: partitions.map(({ restoreFrom }) => restoreFrom),
    outputs: [],
    unreadable: new Map(),
    // The first flush replaces a head of version 1, together with records of its incidents.
    changed: head?.v === 1,
  };
}

const untouched: PartitionHead = { restoreFrom: null };

/** The value of the head record that belongs to a state. */
export function encodeState(state: AlertingState): Buffer {
  return encodeHead({
    v: 2,
    now: state.now,
    ...(state.recalling ? { recalling: true } : {}),
    ...(state.quietUntil > 0 ? { quietUntil: state.quietUntil } : {}),
    ...(state.channels.size > 0 ? { channels: Object.fromEntries(state.channels) } : {}),
    partitions: state.restoreFrom.map((_, partition) => ({ restoreFrom: state.windows.lowestOffset(partition) })),
  });
}

/** How long the incidents of a rule gather before their first messages, in milliseconds. */
export function groupWaitOf({ options }: Pick<AlertingState, 'options'>, { groupWaitMs }: CheckedRule): number {
  return groupWaitMs ?? options.groupWaitMs;
}

export function ruleOf(rules: ReadonlyMap<string, CheckedRule>, incident: Incident): CheckedRule {
  const rule = rules.get(incident.rule);
  if (rule === undefined)
    throw new TelltaleError('INTERNAL', `Incident ${incident.id} has no rule "${incident.rule}".`);
  return rule;
}
