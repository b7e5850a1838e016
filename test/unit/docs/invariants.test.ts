import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');
const page = readFileSync(join(root, 'docs/invariants.md'), 'utf8');
const promises = page.split(/^### /m).slice(1);

describe('docs/invariants.md', () => {
  it('names each promise once', () => {
    const names = promises.map((promise) => /^`([a-z-]+)`\n/.exec(promise)?.[1]);
    expect(names).not.toContain(undefined);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(promises.map((promise) => [promise.split('\n', 1)[0], promise]))(
    'gives a reason and existing tests for %s',
    (_, promise) => {
      expect(promise).toMatch(/^\*Reason:\* \S/m);
      const paths = [...(promise.split('*Tests:*')[1] ?? '').matchAll(/`(test\/[^`]+)`/g)].map(
        (match) => match[1] ?? '',
      );
      expect(paths.length).toBeGreaterThan(0);
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );
});
