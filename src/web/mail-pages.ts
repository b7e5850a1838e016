import PostalMime from 'postal-mime';
import { truncate, html, visible, type Markup } from '../html/escape';
import { pluralize } from '../pluralize';
import { pageText } from './page';
import type { MailSummary } from './source';

/** The mailbox shows at most this many. */
const shownMails = 500;

export function mailboxPage(mails: readonly MailSummary[]): string {
  const main = html`<section>
    <h2>${pluralize(mails.length, 'mail')}, the newest first</h2>
    ${mailTable(mails, shownMails)}
  </section>`;
  return pageText({ title: 'Mail', here: 'mail', main, live: true });
}

/** A section for the status page. */
export function lastMails(mails: readonly MailSummary[]): Markup {
  return html`<section>
    <h2>Last mails</h2>
    ${mailTable(mails, 5)}
  </section>`;
}

/** The newest mails, as links. */
function mailTable(mails: readonly MailSummary[], most: number): Markup {
  if (mails.length === 0) return html`<p>No mail yet: no rule has been broken.</p>`;
  const newest = [...mails].sort((a, b) => b.sentAt - a.sentAt).slice(0, most);
  return html`<table>
      ${newest.map(
        ({ name, subject, to, sentAt }) =>
          html`<tr>
            <td class="t mute wide">${sentTime(sentAt)}</td>
            <td class="w">
              <a href="/mail/${encodeURIComponent(name)}">${truncate(visible(subject), 200) || '(no subject)'}</a>
            </td>
            <td class="w mute wide">${truncate(visible(to.join(', ')), 100)}</td>
          </tr>`,
      )}
    </table>
    ${
      mails.length > newest.length
        ? html`<p class="mute"><a href="/mail">and ${pluralize(mails.length - newest.length, 'older mail')}</a></p>`
        : ''
    }`;
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
