import type { Incident } from './incidents';
import type { Transition } from './mail-report';

/** The facts about an open incident on which its mails depend. */
export interface Situation {
  readonly incident: Incident;
  /** Complete windows that cover `resolveAfter` after its last breach held no breach. */
  readonly over: boolean;
  /** It has no mail, and ended at a time about which mails are suppressed. */
  readonly quiet: boolean;
  /** `groupWait` has passed since it opened. */
  readonly waited: boolean;
  /** No record has arrived since the input was read to its end. */
  readonly backlogRead: boolean;
  /** An error pattern that none of its mails listed. */
  readonly newPattern: string | null;
  /** The interval after its last mail has passed. */
  readonly reminderDue: boolean;
}

export interface MailDecisions {
  readonly mails: readonly DecidedMail[];
  /** Incidents that are over and have been mailed, now or before, or are quiet. */
  readonly closed: readonly Incident[];
}

export interface DecidedMail {
  readonly transition: Transition;
  /** A digest gathers those of its rule; any other mail has one. */
  readonly situations: readonly [Situation, ...Situation[]];
}

/**
 * Decides the mails of all open incidents at one moment: at most one each. A quiet incident has none. For others, the first
 * matching row holds.
 *
 * | mailed | late | over | and                              | mail                                             |
 * |--------|------|------|----------------------------------|--------------------------------------------------|
 * | no     | yes  |      | the backlog is read              | `digest`, together with the others of its rule   |
 * | no     | yes  |      |                                  | later                                            |
 * | no     | no   | yes  |                                  | `over`                                           |
 * | no     | no   | no   | it has waited for `groupWait`    | `opened`                                         |
 * | no     | no   | no   |                                  | later                                            |
 * | yes    |      | yes  | its last mail said so            | none                                             |
 * | yes    |      | yes  |                                  | `resolved`                                       |
 * | yes    | no   | no   | its last mail said it was over   | `reminder`: it continues                         |
 * | yes    | no   | no   | there is a pattern not mailed    | `new-pattern`                                    |
 * | yes    |      | no   | the interval has passed          | `reminder`                                       |
 * | yes    |      | no   |                                  | none                                             |
 *
 * An incident closes when it is over and a mail has reported it (`every-incident-is-mailed`), or when it is quiet. A late incident is never urgent:
 * all its breaches were older than `digestAfter` on arrival.
 */
export function decideMails(situations: readonly Situation[]): MailDecisions {
  const mails: DecidedMail[] = [];
  const closed: Incident[] = [];
  const digests = new Map<string, [Situation, ...Situation[]]>();
  for (const situation of situations) {
    const { incident, over } = situation;
    const transition = decide(situation);
    const digest = transition === 'digest' ? digests.get(incident.rule) : undefined;
    if (digest !== undefined) digest.push(situation);
    else if (transition === 'digest') digests.set(incident.rule, [situation]);
    else if (transition !== null) mails.push({ transition, situations: [situation] });
    if (over && (transition !== null || incident.mailed !== null || situation.quiet)) closed.push(incident);
  }
  for (const late of digests.values()) mails.push({ transition: 'digest', situations: late });
  return { mails, closed };
}

function decide({ incident, over, quiet, waited, backlogRead, newPattern, reminderDue }: Situation): Transition | null {
  const { mailed, late } = incident;
  if (quiet) return null;
  if (mailed === null) {
    if (late) return backlogRead ? 'digest' : null;
    if (over) return 'over';
    return waited ? 'opened' : null;
  }
  if (over) return mailed.toldOver ? null : 'resolved';
  if (!late && mailed.toldOver) return 'reminder';
  if (!late && newPattern !== null) return 'new-pattern';
  return reminderDue ? 'reminder' : null;
}
