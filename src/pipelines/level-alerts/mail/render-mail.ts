import type { MailContent } from './content';
import { htmlPart } from './html';
import type { SummaryContent } from './summary-content';
import { summaryHtmlPart } from './summary-html';
import { summaryTextPart } from './summary-text';
import { textPart } from './text';

/** A mail with two parts of equal content. */
export interface RenderedMail {
  /** One line without control characters; equal for equal reports. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Lays out a decided mail. Pure. The result stays below 100 kB. */
export function renderMail(content: MailContent): RenderedMail {
  return { subject: content.summary.subject, text: textPart(content), html: htmlPart(content) };
}

/** Lays out a decided mail about several incidents. Pure. The result stays below 100 kB. */
export function renderSummary(content: SummaryContent): RenderedMail {
  return { subject: content.words.subject, text: summaryTextPart(content), html: summaryHtmlPart(content) };
}
