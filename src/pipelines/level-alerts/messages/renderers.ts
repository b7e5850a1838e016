import type { Renderers, Rendering } from '../../../stream/pipeline';
import { isSummary, type AnyReport } from '../alerting/summary-report';
import { renderMail, renderSummary } from '../mail/render-mail';
import type { LevelAlertsConfig } from '../config';
import { alertAt, alertEnd, alertOf, OVER_LASTS_MS } from './alertmanager';
import { messageOf } from './message';
import { pagerDutyEvent } from './pagerduty';
import { slackBody } from './slack';
import { summaryAlert, summaryPagerDutyEvent, summarySlackBody, summaryWebhookBody } from './summary-bodies';
import { summaryMessageOf } from './summary-message';
import { webhookBody } from './webhook';

/** Renders decided messages for receivers of each kind: all from one `AlertMessage`, or one `SummaryMessage`. */
export function renderersOf({ mail: { zone, redact } }: Pick<LevelAlertsConfig, 'mail'>): Renderers<AnyReport> {
  const viewOf = ({ possibleRepeat }: Rendering): Parameters<typeof messageOf>[1] => ({ zone, redact, possibleRepeat });
  return {
    mail: (report, how) => {
      if (isSummary(report)) {
        const { id, content } = summaryMessageOf(report, viewOf(how));
        return { ...renderSummary(content), thread: id };
      }
      const { words, incident } = messageOf(report, viewOf(how));
      return { ...renderMail(words), thread: incident.id };
    },
    webhook: (report, how) =>
      isSummary(report)
        ? summaryWebhookBody(summaryMessageOf(report, viewOf(how)))
        : webhookBody(messageOf(report, viewOf(how))),
    slack: (report, how) =>
      isSummary(report)
        ? summarySlackBody(summaryMessageOf(report, viewOf(how)))
        : slackBody(messageOf(report, viewOf(how))),
    pagerDuty: (report, how) =>
      isSummary(report)
        ? summaryPagerDutyEvent(summaryMessageOf(report, viewOf(how)))
        : pagerDutyEvent(messageOf(report, viewOf(how))),
    alert: (report, { now, ...how }) => {
      if (isSummary(report)) return alertAt(summaryAlert(summaryMessageOf(report, viewOf(how))), now + OVER_LASTS_MS);
      const rendered = messageOf(report, viewOf(how));
      return alertAt(alertOf(rendered, report.group), alertEnd(rendered, now));
    },
  };
}
