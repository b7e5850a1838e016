import { compileGlob } from '../../../glob';
import { pluralize } from '../../../pluralize';
import type { Severity } from '../alerting/severity';
import type { MailReport } from '../alerting/mail-report';
import type { Route } from './route-config';
import { isWithin, weekTime } from './week-times';

/** The facts of a message that routes check. */
export interface RoutedFacts {
  /** A route for hosts matches when one of these does. */
  readonly hosts: readonly string[];
  readonly rule: string;
  readonly level: MailReport['rule']['level'];
  /** That of the rule: equal for all messages of an incident. */
  readonly severity: Severity;
  /** Masked error patterns; a route for a pattern matches when one of these does. */
  readonly patterns: readonly string[];
}

export function factsOf({ rule, origins, patterns }: MailReport): RoutedFacts {
  const { name, level, severity } = rule;
  const hosts = origins.map(({ origin }) => origin);
  return { hosts, rule: name, level, severity, patterns: patterns.map(({ pattern }) => pattern) };
}

/** A condition of a route that does not hold. */
export interface Failed {
  readonly key: 'hosts' | 'rules' | 'levels' | 'severities' | 'pattern' | 'time';
  /** For people: why. */
  readonly reason: string;
}

export interface RouteCheck {
  readonly route: Route;
  /** False when a route before it matched, and does not continue. */
  readonly isReached: boolean;
  /** Empty: it matches. */
  readonly failed: readonly Failed[];
}

/**
 * Checks routes in order: the first one that matches ends the search, unless it continues.
 * @param at epoch milliseconds
 * @param zone of routes that name none
 */
export function checkRoutes(
  routes: readonly Route[],
  facts: RoutedFacts,
  at: number,
  zone: string,
): readonly RouteCheck[] {
  let isReached = true;
  return routes.map((route) => {
    const check = { route, isReached, failed: failedOf(route, facts, at, zone) };
    if (check.failed.length === 0 && !route.continue) isReached = false;
    return check;
  });
}

/** True when an earlier or later message of the same incident may match, with other hosts, patterns or times. */
export function mayMatch({ failed }: RouteCheck): boolean {
  return failed.every(({ key }) => key === 'hosts' || key === 'pattern' || key === 'time');
}

function failedOf(route: Route, facts: RoutedFacts, at: number, zone: string): readonly Failed[] {
  const { hosts, rules, levels, severities, pattern } = route;
  const isNone = (list: readonly string[] | null, value: string): boolean => list !== null && !list.includes(value);
  const failed: Failed[] = [];
  const fail = (key: Failed['key'], reason: string): void => void failed.push({ key, reason });
  if (hosts !== null && !facts.hosts.some((host) => hosts.some((glob) => compileGlob(glob)(host)))) {
    fail('hosts', `${some(facts.hosts, 'host')} matches ${hosts.join(' or ')}`);
  }
  if (isNone(rules, facts.rule)) fail('rules', `rule ${facts.rule} is not ${either(rules)}`);
  if (isNone(levels, facts.level)) fail('levels', `level ${facts.level} is not ${either(levels)}`);
  if (isNone(severities, facts.severity)) {
    fail('severities', `severity ${facts.severity} is not ${either(severities)}`);
  }
  if (pattern !== null && !facts.patterns.some((text) => containsPattern(text, pattern))) {
    fail('pattern', `${some(facts.patterns, 'pattern')} contains ${JSON.stringify(pattern)}`);
  }
  const where = route.zone ?? zone;
  if ((route.days !== null || route.hours !== null) && !isWithin(route, where, at)) {
    const wanted = [...(route.days ?? []), ...(route.hours ?? [])].join(' ');
    fail('time', `it is ${weekTime(where, at)} in ${where}, not ${wanted}`);
  }
  return failed;
}

/** Looks for parts of a text, divided by `*`, in this order. Case does not matter. Takes linear time. */
export function containsPattern(text: string, pattern: string): boolean {
  const lower = text.toLowerCase();
  let from = 0;
  for (const part of pattern.toLowerCase().split('*')) {
    const found = lower.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return true;
}

function either(names: readonly string[] | null): string {
  return (names ?? []).join(' or ');
}

/** `none of 2 hosts ("web-1", "web-2")` */
function some(names: readonly string[], noun: string): string {
  if (names.length === 0) return `no ${noun} is known that`;
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 100)));
  return `none of ${pluralize(names.length, noun)} (${shown.join(', ')}${names.length > 3 ? ', …' : ''})`;
}
