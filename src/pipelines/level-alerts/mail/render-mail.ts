import type { MailReport } from '../alerting/mail-report';
import { contentOf, type MailView } from './content';
import { htmlPart } from './html';
import { textPart } from './text';

/** A mail with two parts of equal content. */
export interface RenderedMail {
  /** One line without control characters; equal for equal reports. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * Renders a decided mail. Pure. Accepts any log line, object key and origin; the result stays below 100 kB.
 */
export function renderMail(report: MailReport, view: MailView): RenderedMail {
  const content = contentOf(report, view);
  return { subject: content.summary.subject, text: textPart(content), html: htmlPart(content) };
}
