import type { AlertMessage } from './message';

/** An alert of Alertmanager's API v2 (`POST /api/v2/alerts`), without its times. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly startsAt: string;
}

/** Alertmanager keeps an alert until this long after its last refresh: a Telltale that died must not resolve it. */
export const ALERT_LASTS_MS = 24 * 60 * 60_000;

/** How long an alert stays whose incident was over before it was reported: longer than usual values of `group_interval`. */
export const OVER_LASTS_MS = 15 * 60_000;

/** The labels are the identity of an alert: equal for all messages of an incident, in any revision. */
export function alertOf({ words, incident, rule, patterns, lines }: AlertMessage, group: string): Alert {
  const { summary } = words;
  return {
    labels: {
      alertname: `Telltale ${rule.name}`,
      rule: rule.name,
      level: rule.level,
      severity: rule.severity,
      hosts: group,
      incident: incident.id,
    },
    annotations: {
      summary: summary.subject,
      description: `${summary.lead}\n${words.when}`,
      patterns: patterns.map(({ text, count, isNew }) => `${count}${isNew ? ' NEW' : ''}  ${text}`).join('\n'),
      lines: lines.map(({ place, text }) => `${place}\n${text}`).join('\n\n'),
      notes: words.notes.join('\n'),
      rule: words.rule.sentence,
    },
    startsAt: incident.from,
  };
}

/** An alert as it is sent. @param now epoch milliseconds */
export function alertAt(alert: Alert, endsAt: number): object {
  return { ...alert, endsAt: new Date(endsAt).toISOString() };
}

/** When the alert of a message ends. @param now epoch milliseconds */
export function alertEnd({ transition, incident }: Pick<AlertMessage, 'transition' | 'incident'>, now: number): number {
  if (incident.isOpen) return now + ALERT_LASTS_MS;
  return transition === 'resolved' || transition === 'merged' ? now : now + OVER_LASTS_MS;
}
