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
  /** Its last breach ended `resolveAfter` ago or longer by the clock: windows that are still unread may show that it is over. */
  readonly past: boolean;
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
  readonly situation: Situation;
}

/**
 * Decides the mails of all open incidents at one moment: at most one each. A quiet incident has none. For others, the first
 * matching row holds.
 *
 * | mailed | late | over | and                              | mail                                             |
 * |--------|------|------|----------------------------------|--------------------------------------------------|
 * | no     |      | yes  | the backlog is read              | `over`                                           |
 * | no     | yes  | no   | the backlog is read              | `digest`                                         |
 * | no     | yes  |      |                                  | later                                            |
 * | no     |      | yes  |                                  | later                                            |
 * | no     |      |      | it is past, the backlog not read | later                                            |
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
 * all its breaches were older than `digestAfter` on arrival. So a backlog ends with messages about incidents that are over and
 * that were decided at one moment: `gather.ts` makes one of them.
 */
export function decideMails(situations: readonly Situation[]): MailDecisions {
  const mails: DecidedMail[] = [];
  const closed: Incident[] = [];
  for (const situation of situations) {
    const { incident, over } = situation;
    const transition = decide(situation);
    if (transition !== null) mails.push({ transition, situation });
    if (over && (transition !== null || incident.mailed !== null || situation.quiet)) closed.push(incident);
  }
  return { mails, closed };
}

function decide(situation: Situation): Transition | null {
  const { incident, over, quiet, waited, backlogRead, past, newPattern, reminderDue } = situation;
  const { mailed, late } = incident;
  if (quiet) return null;
  if (mailed === null) {
    if (over || late || past) {
      if (!backlogRead) return null;
      if (over) return 'over';
      if (late) return 'digest';
    }
    return waited ? 'opened' : null;
  }
  if (over) return mailed.toldOver ? null : 'resolved';
  if (!late && mailed.toldOver) return 'reminder';
  if (!late && newPattern !== null) return 'new-pattern';
  return reminderDue ? 'reminder' : null;
}
