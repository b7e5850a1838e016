import { incidentId } from './ids';
import { flapsOf, reachOf } from './incident-times';
import type { CheckedRule } from './rules';
import type { Incident, Mailed } from './incident';

export type { Incident, Mailed } from './incident';

export interface Breach {
  readonly rule: CheckedRule;
  readonly group: string;
  readonly start: number;
  /** Timestamp of the record that breached the rule, or when the window was complete. */
  readonly arrivedAt: number;
  /** True when it was older than `digestAfter` on arrival. */
  readonly late: boolean;
}

/**
 * Incidents by rule and group. Those of one rule and group are at least `reachOf` apart, so that the same breaches give the
 * same incidents in any order (`arrival-order-independence`).
 */
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

  /** Those about which there may be something to report, in the order in which they opened. A restart keeps the order. */
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

  /** An incident that was merged is reported. Receivers that wait for a summary get the one that continues in its place. */
  forget({ id, mergedInto, owedTo }: Incident): void {
    const goesOn = owedTo.length === 0 || mergedInto === null ? null : this.withId(mergedInto);
    if (goesOn !== null) this.noteOwed(goesOn, [...new Set([...goesOn.owedTo, ...owedTo])]);
    this.remove(id);
    this.unwritten.add(id);
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
    if (incident.mergedInto !== null) return;
    const key = groupKey(incident.rule, incident.group);
    this.byGroup.set(key, [...(this.byGroup.get(key) ?? []), incident]);
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
   * Adds a breached window to the incident within `reachOf` of it, or opens one. Incidents that it connects are merged. Closed
   * incidents take breaches like open ones, so incidents do not depend on when mails were decided. Each breach may make
   * a mail untrue (`told-stays-true`): a closed incident is open until that is decided.
   */
  take(breach: Breach, resolveAfterMs: number): void {
    const { rule, start, arrivedAt } = breach;
    const end = start + rule.windowMs;
    const [incident, ...others] = this.near(reachOf(resolveAfterMs), breach, start, end);
    if (incident === undefined) {
      this.add(opened(breach, end));
      return;
    }
    incident.touched.add(start);
    if (incident.closed) {
      incident.closed = false;
      this.notClosed.add(incident);
      this.unwritten.add(incident.id);
    }
    if (others.length === 0 && incident.breaches.includes(start)) return;
    this.unwritten.add(incident.id);
    addStart(incident, start);
    incident.from = Math.min(incident.from, start);
    incident.to = Math.max(incident.to, end);
    incident.changedAt = Math.max(incident.changedAt, arrivedAt);
    incident.late &&= breach.late;
    for (const other of others) this.merge(incident, other);
    incident.flaps = flapsOf(incident.breaches, rule.windowMs, resolveAfterMs);
  }

  private merge(incident: Incident, other: Incident): void {
    this.remove(other.id);
    this.unwritten.add(other.id);
    for (const start of other.breaches) {
      incident.touched.add(start);
      addStart(incident, start);
    }
    incident.from = Math.min(incident.from, other.from);
    incident.to = Math.max(incident.to, other.to);
    incident.openedAt = Math.min(incident.openedAt, other.openedAt);
    incident.changedAt = Math.max(incident.changedAt, other.changedAt);
    incident.late &&= other.late;
    // People who know its id are told where it went.
    if (other.mailed !== null) this.add({ ...other, mergedInto: incident.id, closed: false });
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

  /**
   * The incidents of a rule and group that a span connects: less than `reach` away from it, or from each other. The one that
   * continues comes first.
   */
  private near(reach: number, { rule, group }: Pick<Breach, 'rule' | 'group'>, from: number, to: number): Incident[] {
    const known = this.byGroup.get(groupKey(rule.name, group)) ?? [];
    // Negative where they overlap.
    const near = known.filter((incident) => Math.max(incident.from - to, from - incident.to) < reach);
    const first = Math.min(from, ...near.map((each) => each.from));
    const last = Math.max(to, ...near.map((each) => each.to));
    // Records of earlier versions may hold incidents that are closer to each other.
    return first < from || last > to ? this.near(reach, { rule, group }, first, last) : near.sort(byAge);
  }
}

/** At most this many closed incidents are kept, so that restarts stay quick. */
export const maxClosedIncidents = 1000;

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
    flaps: 0,
    changedAt: arrivedAt,
    late,
    closed: false,
    mergedInto: null,
    touched: new Set([start]),
    mailed: null,
    owedTo: [],
  };
}

function addStart({ breaches }: Incident, start: number): void {
  const after = breaches.findLastIndex((other) => other <= start);
  if (breaches[after] !== start) breaches.splice(after + 1, 0, start);
}

/** The older one first: its id is the one that people know. People know no incident without a mail. */
function byAge(a: Incident, b: Incident): number {
  return Number(a.mailed === null) - Number(b.mailed === null) || byOpening(a, b);
}

function byOpening(a: Incident, b: Incident): number {
  const keys = groupKey(a.rule, a.group) < groupKey(b.rule, b.group) ? -1 : 1;
  return a.openedAt - b.openedAt || a.openedBy - b.openedBy || keys;
}

function groupKey(rule: string, group: string): string {
  return JSON.stringify([rule, group]);
}
