import { advise, nearest } from '../../src/nearest';

const keys = ['web.port', 'web.host', 'mail.from', 'dataDir', 'web'];

describe('nearest', () => {
  it.each([
    ['web.prt', 'web.port'],
    ['port', 'web.port'],
    ['DATADIR', 'dataDir'],
    ['wbe', 'web'],
  ])('finds the name that %s stands for', (name, meant) => {
    expect(nearest(name, keys)).toBe(meant);
  });

  it.each(['web.foo', 'tailTimeout', 'x', '', '__proto__'])('finds nothing when no name is near %j', (name) => {
    expect(nearest(name, keys)).toBeNull();
  });

  it('ignores the dashes of options', () => {
    expect(nearest('--once', ['--config', '--json'])).toBeNull();
    expect(nearest('--jsn', ['--config', '--json'])).toBe('--json');
  });
});

describe('advise', () => {
  it('lists the names when none is near and they are few', () => {
    expect(advise('foo', ['counting', 'alerting'], 'many')).toBe('expected one of counting, alerting');
    expect(advise('foo', ['logs'], 'many')).toBe('expected logs');
  });

  it('says where the names are when none is near and they are many', () => {
    expect(advise('foo', Array.from({ length: 17 }, (_, i) => `name-${i}`), 'see telltale --help')).toBe('see telltale --help'); // prettier-ignore
  });
});
