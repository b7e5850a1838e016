import { truncate } from '../../../html/escape';
import type { IncidentRow } from '../mail/summary-content';
import { pluralize } from '../mail/words';
import type { Alert } from './alertmanager';
import { alarmIcon, context, escaped, icons, plain, section, within } from './slack-blocks';
import type { SummaryMessage } from './summary-message';

/** The bodies of a message about several incidents, for receivers other than mail. */

const shown = { incidents: 10, patterns: 6, notes: 4 };

/** `2026-11-20 10:05–10:06 (1 min)  12 errors on web-1` */
function lineOf({ day, span, state, lines, place }: IncidentRow): string {
  return `${[day, span].filter((part) => part !== '').join(' ')} (${state})  ${lines} on ${place}`;
}

export function summarySlackBody(message: SummaryMessage): object {
  const { content, severity, possibleRepeat } = message;
  const { words, incidents, patterns } = content;
  const facts = [`*${escaped(words.place)}*, ${severity}`, escaped(content.when), escaped(words.lead)];
  if (possibleRepeat && content.repeat !== null) facts.push(`_${escaped(content.repeat)}_`);
  const rows = incidents.rows
    .slice(0, shown.incidents)
    .map((row) => escaped(truncate(`• ${lineOf(row)}${row.pattern === '' ? '' : `: ${row.pattern}`}`, 240)));
  const hidden = message.incidents.length + message.otherIncidents - rows.length;
  return {
    text: within(escaped(words.subject), 3000),
    blocks: [
      { type: 'header', text: plain(`${words.label}: ${words.headline} (${words.state})`) },
      section(`${words.tone === 'alarm' ? alarmIcon(severity) : icons[words.tone]} ${facts.join('\n')}`),
      ...(patterns === null
        ? []
        : [
            section(
              patterns.rows
                .slice(0, shown.patterns)
                .map(({ name, count }) => `• ${count}  ${escaped(name)}`)
                .join('\n'),
            ),
          ]),
      section([...rows, ...(hidden > 0 ? [`and ${pluralize(hidden, 'other')}`] : [])].join('\n')),
      context(content.notes.slice(0, shown.notes).map(escaped).join('\n')),
    ],
  };
}

export function summaryWebhookBody(message: SummaryMessage): object {
  const { id, severity, possibleRepeat, content, rules, incidents, otherIncidents, open, from, to } = message;
  const { subject, headline, state, place, lead } = content.words;
  return {
    version: 'draft-1',
    type: 'telltale.summary',
    id,
    severity,
    possibleRepeat,
    verdict: { subject, headline, state, place, text: lead, when: content.when },
    rules,
    incidents,
    otherIncidents,
    open,
    from,
    to,
    hosts: message.hosts,
    otherHosts: message.otherHosts,
    patterns: message.patterns,
    otherPatterns: message.otherPatterns,
    lines: (content.samples?.items ?? []).map(({ place: at, lines }) => ({ place: at, text: lines.join('\n') })),
    notes: content.notes,
    decidedAt: message.decidedAt,
  };
}

/** One event with a key of its own: its incidents were over, or have events of their own. A person closes it. */
export function summaryPagerDutyEvent(message: SummaryMessage): object {
  const { id, content, severity, from, rules, incidents, hosts } = message;
  return {
    event_action: 'trigger',
    dedup_key: id,
    client: 'Telltale',
    payload: {
      summary: truncate(content.words.subject, 1024),
      source: content.words.place,
      severity,
      timestamp: from,
      component: rules.join(', '),
      class: 'summary',
      custom_details: {
        verdict: content.words.lead,
        when: content.when,
        incidents: incidents.slice(0, 30),
        hosts,
        patterns: content.patterns?.rows.map(({ name, count }) => `${count}  ${name}`) ?? [],
        notes: content.notes,
        message: id,
      },
    },
  };
}

export function summaryAlert({ id, content, severity, from, rules }: SummaryMessage): Alert {
  const { words, incidents, patterns, samples, notes } = content;
  return {
    labels: { alertname: 'Telltale summary', rule: rules.join(','), severity, incident: id },
    annotations: {
      summary: words.subject,
      description: `${words.lead}\n${content.when}`,
      incidents: incidents.rows.map(lineOf).join('\n'),
      patterns: (patterns?.rows ?? []).map(({ name, count }) => `${count}  ${name}`).join('\n'),
      lines: (samples?.items ?? []).map(({ place, lines }) => `${place}\n${lines.join('\n')}`).join('\n\n'),
      notes: notes.join('\n'),
    },
    startsAt: from,
  };
}
