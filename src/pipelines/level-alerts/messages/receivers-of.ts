import { secretSource, type WrittenReceiver } from '../../../config/receivers';
import type { FolderReceiver, Receiver } from '../../../stream/receivers';
import type { RouteExplanation, RouteQuestion } from '../../../stream/routes';
import type { Recipient } from '../alerting/gather';
import type { Transition } from '../alerting/mail-report';
import { isSummary, type AnyReport } from '../alerting/summary-report';
import type { AlertingOptions } from '../alerting/state';
import { DEFAULT_RECEIVER, type LevelAlertsConfig } from '../config';
import { askedFacts, routeName } from '../routing/asked-facts';
import { checkRoutes, factsOf, mayMatch, type RouteCheck, type RoutedFacts } from '../routing/route';

/** Every receiver of the configuration. `mail.from` and `mail.to` hold for those that send mails and have none of their own. */
export function receiversIn({ receivers, mail }: LevelAlertsConfig): readonly Receiver[] {
  if (receivers.length === 0) return [defaultFolder(mail)];
  return receivers.map((receiver) => completed(receiver, mail));
}

/** The folder of mails: the configured one, or else the one that there is without a configuration. */
export function folderIn(config: LevelAlertsConfig): FolderReceiver {
  return receiversIn(config).find((receiver) => receiver.kind === 'folder') ?? defaultFolder(config.mail);
}

function defaultFolder({ from, to }: LevelAlertsConfig['mail']): FolderReceiver {
  return { name: DEFAULT_RECEIVER, kind: 'folder', from, to };
}

function completed(receiver: WrittenReceiver, mail: LevelAlertsConfig['mail']): Receiver {
  const { name } = receiver;
  switch (receiver.kind) {
    case 'folder':
    case 'ses':
      return { ...receiver, from: receiver.from ?? mail.from, to: receiver.to ?? mail.to };
    case 'smtp': {
      const { kind, host, port, tls, ca, user, from, to } = receiver;
      const password = secretSource(receiver, 'password');
      return { name, kind, host, port, tls, ca, user, password, from: from ?? mail.from, to: to ?? mail.to };
    }
    case 'webhook':
      return { name, kind: 'webhook', url: secretSource(receiver, 'url'), key: secretSource(receiver, 'key') };
    case 'slack':
      return { name, kind: 'slack', url: secretSource(receiver, 'url') };
    case 'pagerduty':
      return { name, kind: 'pagerduty', url: receiver.url, key: secretSource(receiver, 'key') };
    case 'alertmanager':
      return { name, kind: 'alertmanager', url: secretSource(receiver, 'url') };
  }
}

/**
 * Which receivers get a message: those that it names, as long as one of them is configured, else those of the routes. Pure.
 * @param at when the message was decided, epoch milliseconds
 */
export function receiversOf(report: AnyReport, config: LevelAlertsConfig, at: number): readonly Receiver[] {
  const { receivers: named = [] } = report;
  const known = receiversIn(config);
  const configured = known.filter(({ name }) => named.includes(name));
  if (configured.length > 0) return configured;
  return isSummary(report) ? known : routedTo(factsOf(report), report.transition, config, at);
}

/** The receivers of a message, as far as gathering depends on them. */
export function recipientsOf(
  config: LevelAlertsConfig,
  ...[facts, transition, at]: Parameters<AlertingOptions['recipientsOf']>
): readonly Recipient[] {
  return routedTo(facts, transition, config, at).map(({ name, kind }) => ({ name, holdsAlerts: holdsAlerts(kind) }));
}

function holdsAlerts(kind: Receiver['kind']): boolean {
  return kind === 'pagerduty' || kind === 'alertmanager';
}

/**
 * Which receivers get a message: those of the routes that match, else those of its rule, else all of them; at least one.
 * Asked when a message is decided, and again when a delivery takes it up: the outbox then keeps its targets. Pure.
 *
 * Receivers that hold an alert until it is resolved also get `resolved` and `merged` when another message of its incident may have gone
 * there, at another time or with other hosts or patterns: an end without an alert does nothing there.
 * @param at when the message was decided, epoch milliseconds
 */
function routedTo(
  facts: RoutedFacts,
  transition: Transition,
  config: LevelAlertsConfig,
  at: number,
): readonly Receiver[] {
  const { names, checks } = routingOf(facts, config, at);
  const mayHoldAlerts =
    transition === 'resolved' || transition === 'merged'
      ? [
          ...checks.filter(mayMatch).flatMap(({ route }) => route.receivers),
          ...withoutRoutes({ name: facts.rule }, config).names,
        ]
      : [];
  return receiversIn(config).filter(
    ({ name, kind }) => names.includes(name) || (holdsAlerts(kind) && mayHoldAlerts.includes(name)),
  );
}

/** Answers who would get a message, and why. @throws USAGE when the question names what does not exist */
export function explainRoutes(question: RouteQuestion, config: LevelAlertsConfig): RouteExplanation {
  const { names, because, checks } = routingOf(askedFacts(question, config), config, question.at);
  return {
    receivers: names,
    because,
    routes: checks.map(({ route, isReached, failed }, index) => ({
      name: routeName(route, index),
      result: failed.length > 0 ? 'failed' : isReached ? 'matched' : 'not reached',
      reasons: failed.map(({ key, reason }) => `${key}: ${reason}`),
      receivers: route.receivers,
    })),
  };
}

interface Named {
  /** Names of receivers: at least one. */
  readonly names: readonly string[];
  readonly because: string;
}

function routingOf(
  facts: RoutedFacts,
  config: LevelAlertsConfig,
  at: number,
): Named & { readonly checks: readonly RouteCheck[] } {
  const checks = checkRoutes(config.routes, facts, at, config.mail.zone);
  const matched = checks.filter(({ isReached, failed }) => isReached && failed.length === 0);
  const names = [...new Set(matched.flatMap(({ route }) => route.receivers))];
  if (names.length > 0) return { names, because: 'of the routes that match', checks };
  return { ...withoutRoutes({ name: facts.rule }, config), checks };
}

function withoutRoutes(rule: { readonly name: string }, config: LevelAlertsConfig): Named {
  const names = config.rules.find(({ name }) => name === rule.name)?.receivers ?? [];
  if (names.length > 0) return { names, because: `no route matches, and rule ${rule.name} names them` };
  const all = receiversIn(config).map(({ name }) => name);
  return { names: all, because: 'no route matches, and the rule names no receivers: all' };
}
