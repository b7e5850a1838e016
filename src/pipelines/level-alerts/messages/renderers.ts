import type { Renderers, Rendering } from '../../../stream/pipeline';
import type { MailReport } from '../alerting/mail-report';
import { renderMail } from '../mail/render-mail';
import type { LevelAlertsConfig } from '../config';
import { alertAt, alertEnd, alertOf } from './alertmanager';
import { messageOf, type AlertMessage } from './message';
import { pagerDutyEvent } from './pagerduty';
import { slackBody } from './slack';
import { webhookBody } from './webhook';

/** Renders decided messages for receivers of each kind, all from one {@link AlertMessage}. */
export function renderersOf({ mail: { zone, redact } }: Pick<LevelAlertsConfig, 'mail'>): Renderers<MailReport> {
  const message = (report: MailReport, { possibleRepeat }: Rendering): AlertMessage =>
    messageOf(report, { zone, redact, possibleRepeat });
  return {
    mail: (report, how) => {
      const { words, incident } = message(report, how);
      return { ...renderMail(words), thread: incident.id };
    },
    webhook: (report, how) => webhookBody(message(report, how)),
    slack: (report, how) => slackBody(message(report, how)),
    pagerDuty: (report, how) => pagerDutyEvent(message(report, how)),
    alert: (report, { now, ...how }) => {
      const rendered = message(report, how);
      return alertAt(alertOf(rendered, report.group), alertEnd(rendered, now));
    },
  };
}
