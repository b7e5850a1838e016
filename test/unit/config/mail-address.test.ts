import fc from 'fast-check';
import MimeNode from 'nodemailer/lib/mime-node';
import { addressProblem } from '../../../src/config/mail-address';

/** The address to which nodemailer sends. */
function envelopeOf(address: string): readonly string[] {
  const node = new MimeNode('text/plain');
  node.setHeader('To', address);
  return node.getEnvelope().to;
}

describe('a mail address', () => {
  it.each([
    ['ops@example.com', null],
    ['o.p+s@localhost', null],
    ["a!#$%&'*+/=?^_`{|}~-@example.com", null],
    ['ops@münchen.de', null],
    ['jörg@example.com', 'has characters before the @ that only mail servers with SMTPUTF8 accept'],
    ['ops', 'is not one plain mail address'],
    ['', 'is not one plain mail address'],
    ['@example.com', 'is not one plain mail address'],
    ['o ps@example.com', 'is not one plain mail address'],
    ['ops.@example.com', 'is not one plain mail address'],
    ['a@b@example.com', 'is not one plain mail address'],
    ['"a b"@example.com', 'is not one plain mail address'],
    ['Ops <ops@example.com>', 'is not one plain mail address'],
    ['ops@example.com, dev@example.com', 'is not one plain mail address'],
    ['ops@[192.0.2.1]', 'is not one plain mail address'],
    ['ops@exa_mple.com', 'is not one plain mail address'],
    ['ops@example.com\r\nBcc: evil@example.com', 'is not one plain mail address'],
    ['ops@example..com', 'is not one plain mail address'],
    [`${'a'.repeat(65)}@example.com`, 'has more than 64 bytes before the @'],
  ])('%j: %s', (address, problem) => {
    if (problem === null) expect(addressProblem(address)).toBeNull();
    else expect(addressProblem(address)).toContain(problem);
  });

  it('is one address for nodemailer, in ASCII, when it is accepted', () => {
    const part = fc.stringMatching(/^[\w.!#@<>,;:"ö ()[\]{}-]{1,12}$/);
    fc.assert(
      fc.property(part, part, (local, domain) => {
        const address = `${local}@${domain}`;
        if (addressProblem(address) !== null) return;
        const [envelope = '', ...others] = envelopeOf(address);
        expect([others, envelope.slice(0, envelope.lastIndexOf('@'))]).toEqual([[], local]);
        expect(envelope).not.toMatch(/[\r\n<>\s"]/);
        expect(envelope).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 3000 },
    );
  });
});
