import type { MailReport } from '../alerting/mail-report';
import { contentOf, type MailView } from './content';
import { htmlPart } from './html';
import { textPart } from './text';

/** A mail as a reader gets it: two parts of equal content. */
export interface RenderedMail {
  /** One line without control characters; equal for equal reports. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * Renders what alerting decided. Pure; never fails for what a log line, an object key or an origin holds, and stays
 * below 100 kB.
 */
export function renderMail(report: MailReport, view: MailView): RenderedMail {
  const content = contentOf(report, view);
  return { subject: content.verdict.subject, text: textPart(content), html: htmlPart(content) };
}
