import { createHash } from 'node:crypto';
import type { Transition } from './mail-report';

/** Equal decisions have equal ids on every machine and after every restart. */

/**
 * @param group an origin, or `all`
 * @param openedBy start of the breach that opened the incident, epoch milliseconds
 */
export function incidentId(rule: string, group: string, openedBy: number): string {
  return shortHash('incident', rule, group, openedBy);
}

/**
 * @param detail separates the mails of one transition of one incident: the number of a reminder or of a resolution, the
 * text of a new pattern, otherwise empty
 */
export function mailId(
  rule: string,
  group: string,
  openedBy: number,
  transition: Transition,
  detail: string | number,
): string {
  return shortHash('mail', rule, group, openedBy, transition, detail);
}

/** The first 64 bits of a SHA-256 over the parts, in hexadecimal. */
export function shortHash(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
