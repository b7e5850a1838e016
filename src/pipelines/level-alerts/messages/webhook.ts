import type { AlertMessage } from './message';

/** The JSON of a webhook: docs/webhook.md and webhook.schema.json describe it. A draft: it may still change. */
export function webhookBody(message: AlertMessage): object {
  const { id, transition, severity, possibleRepeat, words, incident, rule, counts, hosts, patterns, lines } = message;
  const { subject, headline, threshold, place, lead } = words.summary;
  return {
    version: 'draft-1',
    type: 'telltale.incident',
    id,
    transition,
    severity,
    possibleRepeat,
    verdict: { subject, headline, threshold, place, text: lead, when: words.when },
    incident,
    rule: { ...rule, text: words.rule.sentence },
    counts,
    hosts,
    patterns,
    otherPatterns: message.otherPatterns,
    lines,
    notes: words.notes,
    decidedAt: message.decidedAt,
  };
}
