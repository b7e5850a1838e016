import type { SummaryCause } from './summary-report';

/** A receiver of a message, as far as gathering depends on it. */
export interface Recipient {
  readonly name: string;
  /**
   * True for receivers that hold one alert for each incident until it is resolved, and gather alerts themselves. They get
   * every message of an incident by itself, and no cap holds for them: an alert that was never opened cannot be resolved.
   */
  readonly holdsAlerts: boolean;
}

/** A message that was decided now. @typeParam I an incident */
export interface DueMessage<I> {
  readonly incident: I;
  /** Messages of one kind may be gathered: the rule and the transition. */
  readonly kind: string;
  /** True when all or most of its incident happened before any message. */
  readonly isPast: boolean;
  /** True for the first message of an incident that is open. */
  readonly isOpen: boolean;
  /** True when its rule waits to gather the messages of one kind. */
  readonly waits: boolean;
  readonly recipients: readonly Recipient[];
}

/** The latest messages to a receiver. Epoch milliseconds. */
export interface Channel {
  /** When messages were decided for it within the time of the cap, oldest first. */
  readonly sent: readonly number[];
  /** Until then, everything for it is gathered. */
  readonly gatherUntil: number;
}

export interface Cap {
  /** Messages per receiver; 0: any number. */
  readonly messages: number;
  /** Milliseconds. */
  readonly within: number;
}

export interface Moment<I> {
  readonly now: number;
  readonly due: readonly DueMessage<I>[];
  /** Incidents that a receiver was not told about yet, because of its cap. In the order in which they opened. */
  readonly owed: ReadonlyMap<string, readonly I[]>;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly cap: Cap;
  /** No other moment comes: nothing can wait. */
  readonly isLast: boolean;
}

export interface Gathered<I> {
  readonly singles: readonly Single<I>[];
  readonly summaries: readonly GatheredSummary<I>[];
  /** By receiver: incidents that it is to be told about later, those of before included. */
  readonly owed: ReadonlyMap<string, ReadonlySet<I>>;
  readonly channels: ReadonlyMap<string, Channel>;
}

/** A message by itself, for some of its recipients. */
export interface Single<I> {
  readonly message: DueMessage<I>;
  /** Names. */
  readonly receivers: readonly string[];
}

export interface GatheredSummary<I> {
  readonly cause: SummaryCause;
  readonly incidents: readonly I[];
  /** Names. */
  readonly receivers: readonly string[];
}

/** A message to one receiver. */
type Unit<I> =
  | { readonly type: 'single'; readonly message: DueMessage<I> }
  | { readonly type: 'summary'; readonly cause: SummaryCause; readonly incidents: readonly I[] };

/**
 * Decides which of the messages that are due at one moment go out by themselves, and which are gathered. For each receiver:
 *
 * | messages                                              | it gets                                                  |
 * |-------------------------------------------------------|----------------------------------------------------------|
 * | several about incidents that are past                 | one summary of them, for all rules together; of open     |
 * |                                                       | ones none, if it holds alerts                            |
 * | one about an incident that is past, and still open    | a summary of it, unless it holds alerts                  |
 * | several of one kind, of a rule that waits for others  | one summary of them, unless it holds alerts              |
 * | others                                                | each by itself                                           |
 *
 * Then the cap, for receivers that hold no alerts: no more than `cap.messages` within `cap.within`.
 *
 * | the receiver                                  | it gets                                                           |
 * |-----------------------------------------------|-------------------------------------------------------------------|
 * | had less than the cap, and all these fit      | all of these                                                      |
 * | had less than the cap, but these are too many | one summary of all of these; it gathers for the time of the cap   |
 * | had as many as the cap                        | nothing yet; it gathers until one may go again                    |
 * | gathers                                       | nothing yet                                                       |
 * | has gathered                                  | one summary of everything gathered, as it is then                 |
 *
 * Nothing is left out: each incident is in a message, or owed.
 */
export function gather<I>(moment: Moment<I>): Gathered<I> {
  const recipients = new Map(moment.due.flatMap(({ recipients }) => recipients.map((each) => [each.name, each])));
  for (const name of moment.owed.keys()) if (!recipients.has(name)) recipients.set(name, { name, holdsAlerts: false });
  const singles = new Map<DueMessage<I>, string[]>();
  const summaries = new Map<string, Omit<GatheredSummary<I>, 'receivers'> & { readonly receivers: string[] }>();
  const owed = new Map<string, ReadonlySet<I>>();
  const channels = new Map(moment.channels);
  const ids = new Map<I, number>();
  const idOf = (incident: I): number => ids.get(incident) ?? (ids.set(incident, ids.size), ids.size - 1);
  for (const recipient of recipients.values()) {
    const decided = decideFor(recipient, moment);
    if (decided.owed.size > 0) owed.set(recipient.name, decided.owed);
    if (decided.channel !== null) channels.set(recipient.name, decided.channel);
    for (const unit of decided.units) {
      if (unit.type === 'single') {
        singles.set(unit.message, [...(singles.get(unit.message) ?? []), recipient.name]);
        continue;
      }
      const key = JSON.stringify([unit.cause, unit.incidents.map(idOf)]);
      const known = summaries.get(key) ?? { cause: unit.cause, incidents: unit.incidents, receivers: [] };
      known.receivers.push(recipient.name);
      summaries.set(key, known);
    }
  }
  return {
    singles: [...singles].map(([message, receivers]) => ({ message, receivers })),
    summaries: [...summaries.values()],
    owed,
    channels,
  };
}

interface Decided<I> {
  readonly units: readonly Unit<I>[];
  readonly owed: ReadonlySet<I>;
  /** Null when it stays as it is. */
  readonly channel: Channel | null;
}

function decideFor<I>({ name, holdsAlerts }: Recipient, moment: Moment<I>): Decided<I> {
  const { now, cap, isLast } = moment;
  const due = moment.due.filter(({ recipients }) => recipients.some((each) => each.name === name));
  const units = unitsOf(due, holdsAlerts);
  const owed = new Set(moment.owed.get(name));
  if (owed.size === 0 && (holdsAlerts || cap.messages === 0)) return { units, owed, channel: null };

  const { sent: before, gatherUntil } = moment.channels.get(name) ?? { sent: [], gatherUntil: 0 };
  // The clock may have gone back.
  const sent = before.map((at) => Math.min(at, now)).filter((at) => at > now - cap.within);
  const until = Math.min(gatherUntil, now + cap.within);
  const all = new Set([...owed, ...due.map(({ incident }) => incident)]);
  const summary: Unit<I> = { type: 'summary', cause: 'cap', incidents: [...all] };
  const sending = (some: readonly Unit<I>[], gathering: number): Decided<I> => ({
    units: some,
    owed: new Set(),
    channel: { sent: [...sent, ...some.map(() => now)], gatherUntil: gathering },
  });
  const holding = (gathering: number): Decided<I> => ({
    units: [],
    owed: all,
    channel: { sent, gatherUntil: gathering },
  });
  if (isLast && owed.size > 0) return sending([summary], 0);
  if (!isLast && now < until) return holding(until);
  if (owed.size > 0) return sending([summary], 0);
  if (units.length === 0) return { units, owed, channel: null };
  const places = cap.messages - sent.length;
  if (units.length <= places) return sending(units, 0);
  if (places > 0 || isLast) return sending([summary], now + cap.within);
  return holding((sent[0] ?? now) + cap.within);
}

function unitsOf<I>(due: readonly DueMessage<I>[], holdsAlerts: boolean): readonly Unit<I>[] {
  const groups = new Map<string, DueMessage<I>[]>();
  for (const message of due) {
    // An alert must be there before it can be resolved.
    const isPast = message.isPast && !(holdsAlerts && message.isOpen);
    const key = isPast ? 'past' : message.waits && !holdsAlerts ? `kind ${message.kind}` : `${groups.size}`;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return [...groups].flatMap(([key, [first, ...others]]): readonly Unit<I>[] => {
    if (first === undefined) return [];
    // The first message about a past that lasts tells all of it, not its last window.
    const tellsPast = key === 'past' && first.isOpen;
    if (others.length === 0 && !tellsPast) return [{ type: 'single', message: first }];
    const incidents = [first, ...others].map(({ incident }) => incident);
    return [{ type: 'summary', cause: key === 'past' ? 'backlog' : 'together', incidents }];
  });
}

/** When a receiver that gathers gets its next summary; Infinity when none is owed one. */
export function gatheredAt(owed: Iterable<string>, channels: ReadonlyMap<string, Channel>): number {
  let next = Infinity;
  for (const name of owed) next = Math.min(next, channels.get(name)?.gatherUntil ?? 0);
  return next;
}
