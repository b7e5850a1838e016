import PostalMime from 'postal-mime';

import { buildMime } from '../../../src/adapters/mime';
import type { OutgoingMail } from '../../../src/ports/mail-transport';

const noon = Date.UTC(2026, 10, 20, 12);
const mail: OutgoingMail = {
  id: 'errors-20261120T115900Z',
  from: 'Telltale <telltale@example.com>',
  to: ['ops@example.com', '"Müller, A." <a.mueller@example.com>'],
  subject: '4 errors on häuser-1 in one minute',
  text: 'grüße\n.\nline after a dot',
  html: '<p>grüße</p>',
  thread: 'i-1',
};

describe('the MIME form of a mail', () => {
  it('decodes to the given mail', async () => {
    const raw = await buildMime(mail, noon);
    const read = await PostalMime.parse(raw);
    expect(read.headers.find(({ key }) => key === 'x-telltale-mail-id')?.value).toBe(mail.id);
    expect(read.subject).toBe(mail.subject);
    expect(read.from).toMatchObject({ name: 'Telltale', address: 'telltale@example.com' });
    expect(read.to).toMatchObject([
      { address: 'ops@example.com' },
      { name: 'Müller, A.', address: 'a.mueller@example.com' },
    ]);
    expect(Date.parse(read.date ?? '')).toBe(noon);
    expect(read.text?.trim()).toBe(mail.text);
    expect(read.html?.trim()).toBe(mail.html);
    expect(raw.toString()).toContain('Content-Type: multipart/alternative;');
  });

  it('ends its lines with CR LF', async () => {
    const raw = (await buildMime(mail, noon)).toString('latin1');
    expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it.each<[string, Partial<OutgoingMail>]>([
    ['a line break in the subject', { subject: 'x\r\nBcc: evil@example.com' }],
    ['a lone line feed in the subject', { subject: 'x\nBcc: evil@example.com' }],
    ['a NUL in the subject', { subject: 'x\0' }],
    ['a line break in an address', { to: ['ops@example.com\r\nBcc: evil@example.com'] }],
    ['a line break in the sender', { from: 'telltale@example.com\nX: y' }],
    ['a line break in its id', { id: 'x\r\nBcc: evil@example.com' }],
    ['an id that is not ASCII', { id: 'größe' }],
    ['no recipient', { to: [] }],
    ['more than 50 addresses', { to: Array.from({ length: 51 }, (_, i) => `ops${i}@example.com`) }],
    ['two addresses in one', { to: ['a@example.com, b@example.com'] }],
    ['a group of addresses', { to: ['ops: a@example.com, b@example.com;'] }],
    ['a group that is not finished', { to: ['ops: <a@example.com>'] }],
    ['an address without a domain', { to: ['ops'] }],
    ['an address with two at signs', { to: ['a@b@example.com'] }],
    ['a space in an address', { to: ['o ps@example.com'] }],
    ['a dot before the at sign', { to: ['ops.@example.com'] }],
    ['an empty address', { to: [''] }],
    ['an address that servers refuse', { to: ['jörg@example.com'] }],
    ['an address after another', { to: ['a@example.com <b@example.com>, c@example.com'] }],
    ['a sender that is not an address', { from: 'Telltale' }],
    ['more than 10 MB', { text: 'x'.repeat(10_000_001) }],
  ])('is refused for %s', async (_why, change) => {
    await expect(buildMime({ ...mail, ...change }, noon)).rejects.toMatchObject({ code: 'DELIVERY_REFUSED' });
  });

  it('reads neither files nor the network for any mail', async () => {
    const raw = await buildMime({ ...mail, html: '<img src="file:///etc/passwd">', text: 'file:///etc/passwd' }, noon);
    expect((await PostalMime.parse(raw)).attachments).toEqual([]);
  });
});
