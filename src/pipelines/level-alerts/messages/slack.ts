import { truncate } from '../../../html/escape';
import type { AlertMessage } from './message';

/** Limits of Slack: "Reference: blocks" and "Reference: composition objects" of its API. */
const limits = { header: 150, section: 3000, context: 3000, text: 3000 };

/** How much is shown, so that a message stays far below the 50 blocks of Slack and readable on a phone. */
const shown = { patterns: 8, lines: 3, notes: 4, line: 700 };

/** By severity, while an incident is open. */
const alarms = {
  critical: ':rotating_light:',
  error: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':large_blue_circle:',
};

const icons = {
  warning: ':large_orange_circle:',
  good: ':large_green_circle:',
  calm: ':white_circle:',
};

/** The body of an incoming webhook: `text` for notifications, blocks for readers. */
export function slackBody({ words, patterns, lines, possibleRepeat, severity }: AlertMessage): object {
  const { summary } = words;
  const facts = [`*${escaped(summary.place)}*, ${severity}`, escaped(words.when), escaped(summary.lead)];
  if (possibleRepeat && words.repeat !== null) facts.push(`_${escaped(words.repeat)}_`);
  return {
    text: within(escaped(summary.subject), limits.text),
    blocks: [
      { type: 'header', text: plain(`${summary.label}: ${summary.headline} (${summary.threshold})`) },
      section(`${summary.tone === 'alarm' ? alarms[severity] : icons[summary.tone]} ${facts.join('\n')}`),
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

/**
 * Escapes `&`, `<` and `>` ("Formatting text for app surfaces"). A backtick would begin code, or end the block of a log line.
 */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'");
}

function codeBlock(text: string): string {
  return `\`\`\`${escaped(truncate(text, shown.line))}\`\`\``;
}

function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text: within(text, limits.section) } };
}

function context(text: string): object {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: within(text, limits.context) }] };
}

function plain(text: string): object {
  return { type: 'plain_text', text: truncate(text, limits.header), emoji: false };
}

/** Never cuts an escaped character in two: `&am` would be shown as it is. */
function within(text: string, longest: number): string {
  return truncate(text, longest).replace(/&[a-z]{0,3}…$/, '…');
}
