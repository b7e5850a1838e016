import PostalMime from 'postal-mime';
import { truncate, html, visible, type Markup } from '../html/escape';
import { pluralize } from '../pluralize';
import { pageText } from './page';
import type { MailList, MailSummary } from './source';

/** Mails of one page. */
export const MAILS_A_PAGE = 100;

/** Mails in the section of the status page. */
export const LAST_MAILS = 5;

/** The first mail of the page that a query asks for. */
export function firstMailOf(query: URLSearchParams): number {
  const from = Number(query.get('from') ?? 0);
  return Number.isSafeInteger(from) && from > 0 ? from : 0;
}

/** @param from how many newer mails there are than those of the list */
export function mailboxPage({ total, mails }: MailList, from: number): string {
  const newer = Math.max(0, from - MAILS_A_PAGE);
  const main = html`<section>
    <h2>${pluralize(total, 'mail')}, the newest first</h2>
    ${mailTable(mails)} ${from > 0 ? html`<p class="mute"><a href="/mail?from=${newer}">newer mails</a></p>` : ''}
    ${olderMails(total - from - mails.length, from + MAILS_A_PAGE)}
  </section>`;
  return pageText({ title: 'Mail', here: 'mail', main, live: from === 0 });
}

/** A section for the status page. */
export function lastMails({ total, mails }: MailList): Markup {
  return html`<section>
    <h2>Last mails</h2>
    ${mailTable(mails)} ${olderMails(total - mails.length, 0)}
  </section>`;
}

function olderMails(count: number, from: number): Markup {
  if (count <= 0) return html``;
  const path = from === 0 ? '/mail' : `/mail?from=${from}`;
  return html`<p class="mute"><a href="${path}">and ${pluralize(count, 'older mail')}</a></p>`;
}

/** Mails as links. */
function mailTable(mails: readonly MailSummary[]): Markup {
  if (mails.length === 0) return html`<p>No mail yet: no rule has been broken.</p>`;
  return html`<table>
    ${mails.map(
      ({ name, subject, to, sentAt }) =>
        html`<tr>
          <td class="t mute wide">${sentTime(sentAt)}</td>
          <td class="w">
            <a href="/mail/${encodeURIComponent(name)}">${truncate(visible(subject), 200) || '(no subject)'}</a>
          </td>
          <td class="w mute wide">${truncate(visible(to.join(', ')), 100)}</td>
        </tr>`,
    )}
  </table>`;
}

function sentTime(sentAt: number): string {
  return Number.isFinite(sentAt) ? `${new Date(sentAt).toISOString().slice(0, 16).replace('T', ' ')} UTC` : '';
}

/** A mail taken apart. */
export interface ReadMail {
  readonly subject: string;
  /** Name and value, as they travelled. */
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  readonly html: string;
}

export async function readMail(raw: Buffer): Promise<ReadMail> {
  const mail = await PostalMime.parse(raw);
  return {
    subject: mail.subject ?? '',
    headers: mail.headers.map(({ key, originalKey, value }) => [
      originalKey,
      key === 'subject' ? (mail.subject ?? value) : value,
    ]),
    text: mail.text ?? '',
    html: mail.html ?? '',
  };
}

/** Headers, the HTML part in a frame that may do nothing, the text part, and the way to the file itself. */
export function mailPage(name: string, mail: ReadMail): string {
  const path = `/mail/${encodeURIComponent(name)}`;
  const subject = visible(mail.subject) || '(no subject)';
  const text = mail.text
    .split(/\r\n|\n|\r/)
    .map(visible)
    .join('\n');
  const main = [
    html`<section>
      <h1>${subject}</h1>
      <dl class="headers">
        ${mail.headers.map(
          ([key, value]) =>
            html`<dt>${visible(key)}</dt>
              <dd>${visible(value)}</dd>`,
        )}
      </dl>
      <p class="file"><a href="${path}/raw" download>${name}</a></p>
    </section>`,
    mail.html === '' ? html`` : html`<iframe title="The mail" sandbox="" src="${path}/html"></iframe>`,
    html`<section>
      <details ${mail.html === '' ? 'open' : ''}>
        <summary>Text part</summary>
        <pre>${text}</pre>
      </details>
    </section>`,
  ];
  return pageText({ title: mail.subject, here: 'mail', main, live: false });
}
