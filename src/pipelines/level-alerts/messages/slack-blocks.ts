import { truncate } from '../../../html/escape';
import type { Severity } from '../alerting/severity';

/** Limits of Slack: "Reference: blocks" and "Reference: composition objects" of its API. */
const limits = { header: 150, section: 3000, context: 3000 };

/** By severity, while an incident is open. */
const alarms: Readonly<Record<Severity, string>> = {
  critical: ':rotating_light:',
  error: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':large_blue_circle:',
};

export const icons = {
  warning: ':large_orange_circle:',
  good: ':large_green_circle:',
  calm: ':white_circle:',
};

export function alarmIcon(severity: Severity): string {
  return alarms[severity];
}

/**
 * Escapes `&`, `<` and `>` ("Formatting text for app surfaces"). A backtick would begin code, or end the block of a log line.
 */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'");
}

export function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text: within(text, limits.section) } };
}

export function context(text: string): object {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: within(text, limits.context) }] };
}

export function plain(text: string): object {
  return { type: 'plain_text', text: truncate(text, limits.header), emoji: false };
}

/** Never cuts an escaped character in two: `&am` would be shown as it is. */
export function within(text: string, longest: number): string {
  return truncate(text, longest).replace(/&[a-z]{0,3}…$/, '…');
}
