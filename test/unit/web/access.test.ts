import { challenge, mayRead, type Access } from '../../../src/web/access';
import { Secret } from '../../../src/secret';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const login = { user: 'ops', password: new Secret('pä:ss') };
const token = new Secret('T0KEN');
const both: Access = { login, token, openMetrics: false };

describe('mayRead', () => {
  it.each<[string, Access, string, string | undefined, boolean]>([
    ['nothing', both, '/', undefined, false],
    ['the login', both, '/', basic('ops:pä:ss'), true],
    ['the login, its scheme in other letters', both, '/', basic('ops:pä:ss').replace('Basic', 'bASIC'), true],
    ['another password', both, '/', basic('ops:pä:s'), false],
    ['another user', both, '/', basic('dev:pä:ss'), false],
    ['no colon', both, '/', basic('ops'), false],
    ['text that is not base64', both, '/', 'Basic %%%', false],
    ['the token', both, '/', 'Bearer T0KEN', true],
    ['another token', both, '/', 'Bearer T0KE', false],
    ['an empty token', both, '/', 'Bearer ', false],
    ['the token as a login', both, '/', basic('T0KEN'), false],
    ['the token where there is a login alone', { ...both, token: null }, '/', 'Bearer T0KEN', false],
    ['the login where there is a token alone', { ...both, login: null }, '/', basic('ops:pä:ss'), false],
    ['another scheme', both, '/', 'Digest T0KEN', false],
    ['nothing, for metrics', both, '/metrics', undefined, false],
    ['nothing, for open metrics', { ...both, openMetrics: true }, '/metrics', undefined, true],
    ['nothing, beside open metrics', { ...both, openMetrics: true }, '/metrics/x', undefined, false],
    ['nothing, for a probe', both, '/readyz', undefined, true],
    ['nothing, beside a probe', both, '/readyz/../', undefined, false],
  ])('decides on %s', (_, access, path, authorization, allowed) => {
    expect(mayRead(access, path, authorization)).toBe(allowed);
  });
});

describe('challenge', () => {
  it('names the scheme that a person can use', () => {
    expect(challenge(both)).toMatch(/^Basic /);
    expect(challenge({ ...both, login: null })).toMatch(/^Bearer /);
  });
});
