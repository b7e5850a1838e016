import { incidentId } from './ids';
import { slideAt, type CheckedRule } from './rules';

/**
 * Breaches of one rule and group that lie close together. Times are epoch milliseconds; breaches are starts of windows
 * of the rule, ascending.
 */
export interface Incident {
  readonly id: string;
  readonly rule: string;
  readonly group: string;
  /** The breach that opened it; never changes. */
  readonly openedBy: number;
  readonly openedAt: number;
  readonly breaches: number[];
  /** Its span: start of the first breach … */
  from: number;
  /** … and end of the last one. */
  to: number;
  /** When its latest breach arrived. */
  changedAt: number;
  /** True when each of its breaches was older than `digestAfter` on arrival. */
  late: boolean;
  /** True when it is over, and a mail has reported it. */
  closed: boolean;
  /** Breached windows that were revised after mails were last decided: they may hold new patterns. */
  readonly touched: Set<number>;
  /** Its mails so far; null before the first one. */
  mailed: Mailed | null;
  /** Names of receivers that gather, and get it in their next summary. Until then it is not evicted. */
  owedTo: readonly string[];
}

export interface Mailed {
  readonly lastAt: number;
  readonly reminders: number;
  readonly resolutions: number;
  /** Mails that a new pattern caused. */
  readonly newPatterns: number;
  /** True when the last mail said that it is over. */
  readonly toldOver: boolean;
  /** Hashes of all its patterns as of the last mail; null when there were too many to notice a new one. */
  readonly patterns: readonly string[] | null;
}

export interface Breach {
  readonly rule: CheckedRule;
  readonly group: string;
  readonly start: number;
  /** Timestamp of the record that breached the rule, or when the window was complete. */
  readonly arrivedAt: number;
  /** True when it was older than `digestAfter` on arrival. */
  readonly late: boolean;
}

/** Incidents by rule and group. Those of one rule and group never overlap. */
export class Incidents {
  private readonly byId = new Map<string, Incident>();
  private readonly byGroup = new Map<string, Incident[]>();
  private readonly notClosed = new Set<Incident>();
  /** Those with an `owedTo`. */
  private readonly owing = new Set<Incident>();
  /** Ids of incidents that differ from their record, or were evicted. */
  readonly unwritten = new Set<string>();

  withId(id: string): Incident | null {
    return this.byId.get(id) ?? null;
  }

  all(): Incident[] {
    return [...this.byId.values()];
  }

  /** The open incidents, in the order in which they opened. A restart keeps the order. */
  open(): Incident[] {
    return [...this.notClosed].sort(byOpening);
  }

  /** Those that a receiver gets in its next summary, in the order in which they opened. */
  owed(): Incident[] {
    return [...this.owing].sort(byOpening);
  }

  /** Notes which receivers get it in their next summary: those, and no others. */
  noteOwed(incident: Incident, owedTo: readonly string[]): void {
    if (owedTo.length === 0) this.owing.delete(incident);
    else this.owing.add(incident);
    incident.owedTo = owedTo;
    this.unwritten.add(incident.id);
  }

  close(incident: Incident): void {
    incident.closed = true;
    this.notClosed.delete(incident);
    this.unwritten.add(incident.id);
  }

  /** Notes a mail about an incident. */
  noteMail(incident: Incident, mailed: Mailed): void {
    incident.mailed = mailed;
    this.unwritten.add(incident.id);
  }

  add(incident: Incident): void {
    this.restore(incident.id, incident);
    this.unwritten.add(incident.id);
  }

  /** Sets an incident to the state in its record, in place of an earlier one; null removes it. */
  restore(id: string, incident: Incident | null): void {
    this.remove(id);
    if (incident === null) return;
    this.byId.set(id, incident);
    if (!incident.closed) this.notClosed.add(incident);
    if (incident.owedTo.length > 0) this.owing.add(incident);
    const key = groupKey(incident.rule, incident.group);
    this.byGroup.set(key, [...(this.byGroup.get(key) ?? []), incident].sort(bySpan));
  }

  /**
   * The clock was ahead: no opening, change or mail is later than `now`. An incident of a time that has not come yet would
   * stay open until then: it is closed.
   */
  setBack(now: number): void {
    for (const incident of this.all()) {
      const { id, openedAt, changedAt, mailed, from } = incident;
      if (Math.max(openedAt, changedAt, mailed?.lastAt ?? 0, from) <= now) continue;
      this.restore(id, {
        ...incident,
        openedAt: Math.min(openedAt, now),
        changedAt: Math.min(changedAt, now),
        mailed: mailed === null ? null : { ...mailed, lastAt: Math.min(mailed.lastAt, now) },
        closed: incident.closed || from > now,
      });
      this.unwritten.add(id);
    }
  }

  /** Takes the incidents that have changed since the last call; null marks one that was evicted. */
  takeUnwritten(): { readonly id: string; readonly incident: Incident | null }[] {
    const unwritten = Array.from(this.unwritten, (id) => ({ id, incident: this.byId.get(id) ?? null }));
    this.unwritten.clear();
    return unwritten;
  }

  /**
   * Adds a breached window to the incident that contains it, or to one whose span is less than `resolveAfter` away: to the
   * nearer of two, otherwise to the earlier one. Opens an incident when there is none. Incidents are never merged. Closed
   * incidents take breaches like open ones, so incidents do not depend on when mails were decided. A breach after the end
   * of a closed incident opens it again (`told-stays-true`).
   */
  take(breach: Breach, resolveAfterMs: number): void {
    const { rule, start, arrivedAt } = breach;
    const end = start + rule.windowMs;
    const incident = this.nearest(breach, resolveAfterMs);
    if (incident === null) {
      this.add(opened(breach, end));
      return;
    }
    incident.touched.add(start);
    if (incident.breaches.includes(start)) return;
    this.unwritten.add(incident.id);
    incident.breaches.splice(incident.breaches.findLastIndex((other) => other < start) + 1, 0, start);
    if (end > incident.to) {
      incident.closed = false;
      this.notClosed.add(incident);
    }
    incident.from = Math.min(incident.from, start);
    incident.to = Math.max(incident.to, end);
    incident.changedAt = Math.max(incident.changedAt, arrivedAt);
    incident.late &&= breach.late;
  }

  /** Evicts closed incidents whose last breach came at or before a time, and the oldest of more than `most`. */
  evict(changedBy: number, most: number): boolean {
    const closed = this.all()
      .filter((incident) => incident.closed && incident.owedTo.length === 0)
      .sort((a, b) => a.changedAt - b.changedAt);
    const tooMany = closed.length - most;
    const gone = closed.filter((incident, i) => incident.changedAt <= changedBy || i < tooMany);
    for (const { id } of gone) {
      this.remove(id);
      this.unwritten.add(id);
    }
    return gone.length > 0;
  }

  private remove(id: string): void {
    const incident = this.byId.get(id);
    if (incident === undefined) return;
    this.byId.delete(id);
    this.notClosed.delete(incident);
    this.owing.delete(incident);
    const key = groupKey(incident.rule, incident.group);
    const others = (this.byGroup.get(key) ?? []).filter((other) => other !== incident);
    if (others.length === 0) this.byGroup.delete(key);
    else this.byGroup.set(key, others);
  }

  private nearest(breach: Breach, resolveAfterMs: number): Incident | null {
    let nearest: Incident | null = null;
    let least = resolveAfterMs;
    for (const incident of this.byGroup.get(groupKey(breach.rule.name, breach.group)) ?? []) {
      // Negative inside the incident.
      const distance = Math.max(incident.from - (breach.start + breach.rule.windowMs), breach.start - incident.to);
      if (distance < least) {
        nearest = incident;
        least = distance;
      }
    }
    return nearest;
  }
}

/** At most this many closed incidents are kept, so that restarts stay quick. */
export const maxClosedIncidents = 1000;

/**
 * When an incident is over unless another breach comes: complete windows up to this time cover `resolveAfter` after its last
 * breach. A breach that starts earlier joins it.
 */
export function overAt(incident: Incident, rule: CheckedRule, resolveAfterMs: number): number {
  // The end of the last window that starts before `resolveAfter` has passed.
  return slideAt(rule, incident.to + resolveAfterMs - 1) + rule.windowMs;
}

/** When the next reminder is due: intervals begin with `repeatInterval` and double with every reminder. */
export function reminderAt(mailed: Mailed, repeatIntervalMs: number): number {
  return mailed.lastAt + repeatIntervalMs * 2 ** mailed.reminders;
}

/** The first pause between two mails that new patterns cause. Doubles with each of them. */
const newPatternPauseMs = 5 * 60_000;

/**
 * The first time at which a new pattern causes a mail: the first pattern at once, later ones after growing pauses of at most
 * `repeatInterval`. A service that logs a new message each second must not cause a mail each second.
 */
export function newPatternAt({ lastAt, newPatterns }: Mailed, repeatIntervalMs: number): number {
  return newPatterns === 0 ? lastAt : lastAt + Math.min(newPatternPauseMs * 2 ** (newPatterns - 1), repeatIntervalMs);
}

function opened(breach: Breach, end: number): Incident {
  const { rule, group, start, arrivedAt, late } = breach;
  return {
    id: incidentId(rule.name, group, start),
    rule: rule.name,
    group,
    openedBy: start,
    openedAt: arrivedAt,
    breaches: [start],
    from: start,
    to: end,
    changedAt: arrivedAt,
    late,
    closed: false,
    touched: new Set([start]),
    mailed: null,
    owedTo: [],
  };
}

function byOpening(a: Incident, b: Incident): number {
  const keys = groupKey(a.rule, a.group) < groupKey(b.rule, b.group) ? -1 : 1;
  return a.openedAt - b.openedAt || a.openedBy - b.openedBy || keys;
}

function bySpan(a: Incident, b: Incident): number {
  return a.from - b.from;
}

function groupKey(rule: string, group: string): string {
  return JSON.stringify([rule, group]);
}
