import { compileGlob } from '../../src/glob';

describe('a glob', () => {
  test.each([
    ['**', 'logs/host-1/a.log', true],
    ['**', '', true],
    ['*', 'host-1', true],
    ['*', 'logs/a.log', false],
    ['*', '', true],
    ['*.log', 'a.log', true],
    ['*.log', 'logs/a.log', false],
    ['**/*.log', 'logs/host-1/a.log', true],
    ['**/*.log', 'a.log', true],
    ['**/*.log', 'logs/a.log.gz', false],
    ['logs/**', 'logs/host-1/a.log', true],
    ['logs/**', 'logs', false],
    ['logs/**/a.log', 'logs/a.log', true],
    ['logs/**/a.log', 'logs/x/y/a.log', true],
    ['logs/**/a.log', 'logs/xa.log', false],
    ['logs/**/a.log', 'logs/xya.log', false],
    ['logs/**a.log', 'logs/x/ya.log', true],
    ['**/tmp/**', 'logs/host-1/tmp/a.log', true],
    ['**/tmp/**', 'logs/host-1/tmpx/a.log', false],
    ['logs/host-?/*', 'logs/host-1/a.log', true],
    ['logs/host-?/*', 'logs/host-12/a.log', false],
    ['a?b', 'a/b', false],
    ['a?b', 'a🙂b', true],
    ['a.b(c)+', 'a.b(c)+', true],
    ['[vw]eb-1', 'web-1', true],
    ['[vw]eb-1', 'deb-1', false],
    ['web-[0-46]', 'web-3', true],
    ['web-[0-46]', 'web-6', true],
    ['web-[0-46]', 'web-5', false],
    ['web-[!12]', 'web-3', true],
    ['web-[!12]', 'web-1', false],
    ['a[^x]b', 'a/b', false],
    ['a[]]b', 'a]b', true],
    ['a[-z]', 'a-', true],
    ['a[b', 'a[b', true],
    ['{web,db}-*', 'db-7', true],
    ['{web,db}-*', 'cache-7', false],
    ['{web-{1,2},db}', 'web-2', true],
    ['x{,y}', 'x', true],
    ['{a/*,b}.log', 'a/x.log', true],
    ['{web}', '{web}', true],
    ['{web,db', '{web,db', true],
    ['\\{a,b\\}', '{a,b}', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a\\', true],
    ['!web-*', 'db-1', true],
    ['!web-*', 'web-1', false],
    ['!{web,db}-*', 'db-1', false],
    ['a.b', 'axb', false],
    ['', '', true],
    ['', 'a', false],
    ['host-*', 'host-12', true],
  ])('%j matches %j: %s', (glob, text, fits) => {
    expect(compileGlob(glob)(text)).toBe(fits);
  });

  it('takes at most time proportional to pattern length times text length', () => {
    const hostile = compileGlob(`${'*a'.repeat(200)}b`);
    expect(hostile('a'.repeat(1024))).toBe(false);
    const deep = compileGlob(`${'**/'.repeat(100)}b`);
    expect(deep('a/'.repeat(500))).toBe(false);
    expect(compileGlob('{'.repeat(2_000))('a')).toBe(false);
  });

  it('is refused when its braces have too many choices', () => {
    expect(() => compileGlob('{a,b}'.repeat(9))).toThrow(/more than 256 choices; use two globs/);
    expect(compileGlob('{a,b}'.repeat(8))('abababab')).toBe(true);
  });
});
