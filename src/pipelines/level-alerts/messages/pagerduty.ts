import { truncate } from '../../../html/escape';
import type { AlertMessage } from './message';

/** The longest summary of an event: "PD-CEF" in PagerDuty's documentation. */
const SUMMARY = 1024;

/**
 * An event for PagerDuty's Events API v2, without its routing key. All messages of an incident have one `dedup_key`, so that
 * they are one incident at PagerDuty, too. `resolved` ends it, and so does `merged`: another incident continues. `reopened` opens it again. One that was over before it was reported stays, with a low
 * severity, until a person closes it. The event stays below 512 KB: a message has at most 20 patterns and 5 lines.
 */
export function pagerDutyEvent(message: AlertMessage): object {
  const { words, incident, rule, counts, hosts, patterns, lines, severity, transition } = message;
  const dedupKey = incident.id;
  if (transition === 'resolved' || transition === 'merged') return { event_action: 'resolve', dedup_key: dedupKey };
  return {
    event_action: 'trigger',
    dedup_key: dedupKey,
    client: 'Telltale',
    payload: {
      summary: truncate(words.summary.subject, SUMMARY),
      source: words.summary.place || 'telltale',
      severity,
      timestamp: incident.from,
      component: rule.name,
      group: rule.hosts,
      class: `${rule.kind} ${rule.level}`,
      custom_details: {
        verdict: words.summary.lead,
        when: words.when,
        counts,
        hosts,
        patterns,
        lines,
        notes: words.notes,
        rule: words.rule.sentence,
        message: message.id,
      },
    },
  };
}
