import { shortHash } from './ids';
import type { Incident, Told } from './incident';
import type { KeptWindows } from './kept-windows';
import type { CheckedRule } from './rules';

export type { Told } from './incident';

/** The figures of an incident as they are known now. */
export interface Figures {
  readonly worst: number;
  readonly hosts: ReadonlySet<string>;
  /** Lines at the rule's level in breached windows that start before a time (epoch milliseconds). */
  linesBefore(time: number): number;
}

/** Incidents with more hosts do not notice a single new one. */
const maxHosts = 256;
/** Reports name at most this many breached windows: a mail that names as many may have left out others. */
const maxBreaches = 1000;

/** The figures of incidents. They only grow, and each breached window is summed again only when it was revised. */
export class IncidentFigures {
  private readonly known = new WeakMap<Incident, Sums>();

  constructor(private readonly windows: KeptWindows) {}

  of(incident: Incident, rule: CheckedRule): Figures {
    const sums = this.known.get(incident);
    if (sums !== undefined) return this.add(sums, incident, rule, incident.touched);
    const made = new Sums();
    this.known.set(incident, made);
    return this.add(made, incident, rule, incident.breaches);
  }

  private add(sums: Sums, { group, breaches }: Incident, rule: CheckedRule, starts: Iterable<number>): Sums {
    const revised = new Set<number>();
    for (const start of starts) {
      for (const each of overlapping(breaches, start, rule.windowMs)) revised.add(each);
      const lines = new Map<number, number>();
      for (const { origin, start: base, record } of this.windows.ofGroup(rule, group, start, start + rule.windowMs)) {
        const count = record.counts[rule.level];
        lines.set(base, (lines.get(base) ?? 0) + count);
        if (count > 0) sums.hosts.add(origin);
      }
      // A window that was evicted keeps its sum.
      for (const [base, count] of lines) sums.lines.set(base, Math.max(count, sums.lines.get(base) ?? 0));
    }
    for (const start of revised) sums.worst = Math.max(sums.worst, this.windows.evaluate(rule, group, start).value);
    return sums;
  }
}

/** A revision of overlapping windows touches the first of them: at most this many others are checked. */
const maxOverlapping = 60;

/** The breached windows that overlap one, and that one. @param breaches starts, ascending */
function overlapping(breaches: readonly number[], start: number, windowMs: number): readonly number[] {
  const after = breaches.findIndex((each) => each > start - windowMs);
  const others = after < 0 ? [] : breaches.slice(after, after + maxOverlapping);
  return [start, ...others.filter((each) => each < start + windowMs)];
}

class Sums implements Figures {
  worst = 0;
  readonly hosts = new Set<string>();
  /** By start of a window of counting: breached windows of a rule may overlap. */
  readonly lines = new Map<number, number>();

  linesBefore(time: number): number {
    let sum = 0;
    for (const [start, count] of this.lines) if (start < time) sum += count;
    return sum;
  }
}

/** The content of a mail that is decided now. */
export function toldNow({ breaches, from, to }: Incident, figures: Figures): Told {
  const { worst, hosts } = figures;
  return {
    lines: figures.linesBefore(Infinity),
    worst,
    breaches: breaches.length,
    from,
    to,
    hosts: hosts.size > maxHosts ? null : Array.from(hosts, (host) => shortHash(host)).sort(),
    hostCount: hosts.size,
  };
}

/**
 * True when an incident has grown so far past its mails that the mail is no longer true. While it is open, its reader
 * expects further windows like those that were told. Where the mail said that it was over, nothing more was to come.
 *
 * | change                                               | told as open | told as over |
 * |------------------------------------------------------|--------------|--------------|
 * | it began before the told span                        | yes          | yes          |
 * | a host that was not told                             | yes          | yes          |
 * | twice the lines in the told span                     | yes          | yes          |
 * | twice the value of the worst window that was told    | yes          | yes          |
 * | any higher value                                     | no           | yes          |
 * | a breached window that was not told                  | no           | yes          |
 */
export function hasGrown(told: Told, { from, to, breaches }: Incident, figures: Figures, toldOver: boolean): boolean {
  const { worst, hosts } = figures;
  if (from < told.from || hasNewHost(told, hosts)) return true;
  const lines = figures.linesBefore(told.to);
  if (lines > told.lines && lines >= 2 * told.lines) return true;
  if (worst > told.worst && (toldOver || worst >= 2 * told.worst)) return true;
  return toldOver && (to > told.to || (told.breaches < maxBreaches && breaches.length > told.breaches));
}

function hasNewHost(told: Told, hosts: ReadonlySet<string>): boolean {
  // Without their names, only a number that has doubled counts.
  if (told.hosts === null) return hosts.size > told.hostCount && hosts.size >= 2 * told.hostCount;
  return newHosts(told, [...hosts]).length > 0;
}

/** Which of some hosts were not told; none where that is not known. */
export function newHosts(told: Told, hosts: readonly string[]): string[] {
  if (told.hosts === null) return [];
  const known = new Set(told.hosts);
  return hosts.filter((host) => !known.has(shortHash(host)));
}
