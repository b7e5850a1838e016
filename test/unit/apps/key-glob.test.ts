import { keyGlob } from '../../../src/apps/key-glob';
import { compileGlob } from '../../../src/glob';

describe('keyGlob', () => {
  it.each([
    ['/var/log/app.log', '**/app.log*'],
    ['/var/log/app.log.1', '**/app.log.*'],
    ['/var/log/app-2026-11-29.log.gz', '**/app-*.log*'],
    ['/var/log/k8s-12.log', '**/k8s-*.log*'],
    ['/var/log/shop/20261129', '**/shop*/*'],
    ['/var/log/a\u001bb.log', '**/a?b.log*'],
  ])('of %j is %s, and matches the key', (path, glob) => {
    expect(keyGlob(path)).toBe(glob);
    expect(compileGlob(glob)(`logs/host-1${path}`)).toBe(true);
  });
});
