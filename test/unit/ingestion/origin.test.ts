import { DEFAULT_EXCLUDE } from '../../../src/apps/unused-keys';
import fc from 'fast-check';
import { compileFirstGroup } from '../../../src/config/line-pattern';
import { createKeyFilter, originOf, partitionOf } from '../../../src/ingestion/origin';

describe('origin of a key', () => {
  test.each([
    ['logs/host-1/app.log', 'logs', 'host-1'],
    ['logs/host-1/nginx/access.log', 'logs', 'host-1'],
    ['a/b/host-1/app.log', 'a/b', 'host-1'],
    ['host-1/app.log', '', 'host-1'],
    ['other/host-1/app.log', 'logs', 'host-1'],
    ['other/app.log', 'logs', 'other'],
    ['logs/app.log', 'logs', 'logs'],
    ['logs//app.log', 'logs', '-'],
    ['app.log', 'logs', '-'],
    ['app.log', '', '-'],
    ['logs/wirt-ä 1/app.log', 'logs', 'wirt-ä 1'],
  ])('%j under prefix %j is %j', (key, prefix, origin) => {
    expect(originOf(key, { prefix, named: null })).toBe(origin);
  });

  it('is the first group of the expression when that matches', () => {
    const rule = { prefix: 'logs', named: compileFirstGroup('/(i-[0-9a-f]+)[.-]') };
    expect(originOf('logs/web/i-0abc.log', rule)).toBe('i-0abc');
    expect(originOf('logs/web/other.log', rule)).toBe('web');
  });

  it('is found in linear time when the expression would backtrack', () => {
    const rule = { prefix: 'logs', named: compileFirstGroup('^logs/((?:[\\w-]+\\.?)+)/') };
    const folder = `${'a'.repeat(900)}!`;
    const begin = process.cpuUsage().user;
    expect(originOf(`logs/${folder}/app.log`, rule)).toBe(folder);
    expect(process.cpuUsage().user - begin).toBeLessThan(2_000_000);
  });

  it('is never empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', 'a', '.', '-') }), (key) => {
        expect(originOf(key, { prefix: 'a', named: compileFirstGroup('^(-*)') })).not.toBe('');
      }),
    );
  });
});

describe('partition of an origin', () => {
  test.each([
    // toPositive(murmur2) mod n, from the hashes of Kafka's own test.
    ['21', 10, (-973932308 & 0x7fffffff) % 10],
    ['foobar', 10, (-790332482 & 0x7fffffff) % 10],
    ['abc', 10, 479470107 % 10],
    ['abc', 1, 0],
  ])('%j of %i equals the DefaultPartitioner', (origin, partitions, partition) => {
    expect(partitionOf(origin, partitions)).toBe(partition);
  });

  it('is a valid partition for any origin', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 1000 }), (origin, partitions) => {
        const partition = partitionOf(origin, partitions);
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
      }),
    );
  });
});

describe('key filter', () => {
  it('excludes hidden, temporary and numbered rotated files by default', () => {
    const includes = createKeyFilter({ include: ['**'], exclude: DEFAULT_EXCLUDE });
    const excluded = [
      '.app.log',
      '.app.log.swp',
      'app.log~',
      'a.tmp',
      'app.log.1',
      'app.log.12',
      'app.log.2.gz',
      'app.log.old',
    ];
    const read = ['app.log', 'syslog', 'app.1.2.log', 'app.log-20261130', 'app.log-20261130.gz', 'app.log.gz', 'a.b.c'];
    expect([...excluded, ...read].filter((name) => includes(`logs/web-1/${name}`))).toEqual(read);
  });

  it('accepts keys that an include matches and no exclude', () => {
    const includes = createKeyFilter({ include: ['logs/**', 'more/*.log'], exclude: ['**/*.tmp'] });
    expect(includes('logs/host-1/app.log')).toBe(true);
    expect(includes('more/app.log')).toBe(true);
    expect(includes('more/deep/app.log')).toBe(false);
    expect(includes('logs/host-1/app.tmp')).toBe(false);
  });
});
