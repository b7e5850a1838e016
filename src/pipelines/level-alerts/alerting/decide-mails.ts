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
  /** It came back before any mail told it, and began longer ago than its reach: it happened while nothing was read. */
  readonly cameBack: boolean;
  /** An error pattern that none of its mails listed. */
  readonly newPattern: string | null;
  /** It has grown past what its mails said (`hasGrown`). */
  readonly grown: boolean;
  /** It was breached after the span that its mails named, and not only by breaches that were late. */
  readonly continues: boolean;
  /** The pauses after its last mail have passed: see `growthAt`, `reopeningAt`, `reminderAt`. */
  readonly growthDue: boolean;
  readonly reopeningDue: boolean;
  readonly reminderDue: boolean;
}

export interface MailDecisions {
  readonly mails: readonly DecidedMail[];
  /** Incidents that are over, and about which there is nothing more to mail. */
  readonly closed: readonly Incident[];
  /** Incidents whose breaches another one has, and about which there is nothing more to mail. */
  readonly gone: readonly Incident[];
}

export interface DecidedMail {
  readonly transition: Transition;
  readonly situation: Situation;
}

/**
 * Decides the mails of all open incidents at one moment: at most one each. A quiet incident has none. For others, the first
 * matching row holds. "told" is what the last mail said: that the incident is open, or that it is over.
 *
 * | told | late | over | and                                                      | mail                                           |
 * |------|------|------|----------------------------------------------------------|------------------------------------------------|
 * | any  | yes  |      | another incident has its breaches; a digest told it      | none                                           |
 * | any  |      |      | another incident has its breaches                        | `merged`                                       |
 * | no   |      | yes  | the backlog is read                                      | `over`                                         |
 * | no   | yes  | no   | the backlog is read                                      | `digest`                                       |
 * | no   | yes  |      |                                                          | later                                          |
 * | no   |      | yes  |                                                          | later                                          |
 * | no   |      |      | it is past, or came back; the backlog is not read        | later                                          |
 * | no   | no   | no   | it has waited for `groupWait`                            | `opened`                                       |
 * | no   | no   | no   |                                                          | later                                          |
 * | open |      | yes  |                                                          | `resolved`                                     |
 * | over |      |      | it has not grown                                         | none                                           |
 * | any  |      |      | it has grown, it is past, the backlog is not read        | later                                          |
 * | over |      | no   | it has grown, and continues; the pause has passed        | `reopened`                                     |
 * | over |      | no   | it has grown, and continues                              | later                                          |
 * | over |      |      | it has grown; the pause has passed                       | `grown`                                        |
 * | over |      |      | it has grown                                             | later                                          |
 * | open | no   | no   | there is a pattern not mailed                            | `new-pattern`                                  |
 * | open |      | no   | it has grown; the pause has passed                       | `grown`                                        |
 * | open |      | no   | the interval has passed                                  | `reminder`                                     |
 * | open |      | no   |                                                          | none                                           |
 *
 * An incident closes when it is over and mails have reported all of it (`every-incident-is-mailed`, `told-stays-true`), or
 * when it is quiet. A late incident is never urgent: all its breaches were older than `digestAfter` on arrival. So a backlog
 * ends with messages about incidents that are over and that were decided at one moment: `gather.ts` makes one of them.
 */
export function decideMails(situations: readonly Situation[]): MailDecisions {
  const mails: DecidedMail[] = [];
  const closed: Incident[] = [];
  const gone: Incident[] = [];
  for (const situation of situations) {
    const { incident } = situation;
    const transition = decide(situation);
    if (transition !== null) mails.push({ transition, situation });
    if (incident.mergedInto !== null) gone.push(incident);
    else if (closes(situation, transition)) closed.push(incident);
  }
  return { mails, closed, gone };
}

function closes({ incident, over, quiet, grown }: Situation, transition: Transition | null): boolean {
  if (!over) return false;
  return transition !== null || quiet || (incident.mailed !== null && !grown);
}

function decide(situation: Situation): Transition | null {
  const { incident, over, quiet, waited, backlogRead, past, cameBack } = situation;
  const { mailed, late } = incident;
  if (incident.mergedInto !== null) return late && mailed?.toldOver === true ? null : 'merged';
  if (quiet) return null;
  if (mailed === null) {
    if (over || late || past || cameBack) {
      if (!backlogRead) return null;
      if (over) return 'over';
      if (late) return 'digest';
    }
    return waited ? 'opened' : null;
  }
  return mailed.toldOver ? decideAfterOver(situation) : decideWhileOpen(situation);
}

function decideAfterOver({
  over,
  grown,
  continues,
  growthDue,
  reopeningDue,
  past,
  backlogRead,
}: Situation): Transition | null {
  if (!grown || (past && !backlogRead)) return null;
  if (!over && continues) return reopeningDue ? 'reopened' : null;
  return growthDue ? 'grown' : null;
}

function decideWhileOpen(situation: Situation): Transition | null {
  const { incident, over, newPattern, grown, growthDue, reminderDue, past, backlogRead } = situation;
  if (over) return 'resolved';
  if (grown && past && !backlogRead) return null;
  if (!incident.late && newPattern !== null) return 'new-pattern';
  if (grown && growthDue) return 'grown';
  return reminderDue ? 'reminder' : null;
}
