import { format, inspect } from 'node:util';
import { Secret } from '../../src/secret';

describe('a secret', () => {
  const secret = new Secret('hunter2');

  it('gives its value to the one who asks for it', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each([
    ['text', String(secret)],
    ['JSON', JSON.stringify({ secret })],
    ['inspection', inspect({ inside: [secret] }, { depth: null, showHidden: true })],
    ['a format', format('%s %o %j', secret, secret, secret)],
    ['keys', JSON.stringify(Object.entries(secret))],
  ])('is not shown as %s', (_, shown) => {
    expect(shown).not.toContain('hunter2');
  });
});
