import { truncate } from '../../../html/escape';
import type { AlertMessage } from './message';
import { alarmIcon, context, escaped, icons, plain, section, within } from './slack-blocks';

/** How much is shown, so that a message stays far below the 50 blocks of Slack and readable on a phone. */
const shown = { patterns: 8, lines: 3, notes: 4, line: 700 };

/** The body of an incoming webhook: `text` for notifications, blocks for readers. */
export function slackBody({ words, patterns, lines, possibleRepeat, severity }: AlertMessage): object {
  const { summary } = words;
  const facts = [`*${escaped(summary.place)}*, ${severity}`, escaped(words.when), escaped(summary.lead)];
  if (possibleRepeat && words.repeat !== null) facts.push(`_${escaped(words.repeat)}_`);
  return {
    text: within(escaped(summary.subject), 3000),
    blocks: [
      { type: 'header', text: plain(`${summary.label}: ${summary.headline} (${summary.threshold})`) },
      section(`${summary.tone === 'alarm' ? alarmIcon(severity) : icons[summary.tone]} ${facts.join('\n')}`),
      ...(patterns.length === 0 ? [] : [section(patternLines(patterns))]),
      ...lines.slice(0, shown.lines).map(({ place, text }) => section(`_${escaped(place)}_\n${codeBlock(text)}`)),
      context([...words.notes.slice(0, shown.notes), words.rule.sentence].map(escaped).join('\n')),
    ],
  };
}

function patternLines(patterns: AlertMessage['patterns']): string {
  const rows = patterns
    .slice(0, shown.patterns)
    .map(({ text, count, isNew }) => `• ${count}${isNew ? ' *NEW*' : ''}  ${escaped(truncate(text, 160))}`);
  const hidden = patterns.length - rows.length;
  return [...rows, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join('\n');
}

function codeBlock(text: string): string {
  return `\`\`\`${escaped(truncate(text, shown.line))}\`\`\``;
}
