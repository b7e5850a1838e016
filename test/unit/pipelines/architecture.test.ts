import { existsSync, readFileSync } from 'node:fs';
import { projectFile } from '../../../src/project-file';

describe('docs/architecture.md', () => {
  it('names only files and folders that exist', () => {
    const page = readFileSync(projectFile('docs/architecture.md'), 'utf8');
    const paths = [...page.matchAll(/`((?:src|actors|test|lambda|conf)\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !existsSync(projectFile(path)))).toEqual([]);
  });
});
