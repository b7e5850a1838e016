import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';

const readme = readFileSync(join(__dirname, '../../../README.md'), 'utf8');

function all(pattern: RegExp): string[] {
  return [...readme.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

describe('README.md', () => {
  const sets = all(/--set ([\w.]+=[^\s`]+)/g);
  const variables = all(/(TELLTALE_\w+=[^\s`]+)/g);
  const files = all(/```yaml\n(.*?)```/gs);

  it('shows settings of each form', () => {
    expect([sets.length > 0, variables.length > 0, files.length > 0]).toEqual([true, true, true]);
  });

  it.each(sets)('shows --set %s, which works with the defaults', (assignment) => {
    expect(() => loadConfig({ pipelines, set: [assignment], env: {} })).not.toThrow();
  });

  it.each(variables)('shows the variable %s, which works with the defaults', (assignment) => {
    const [name = '', value] = assignment.split('=');
    expect(() => loadConfig({ pipelines, env: { [name]: value } })).not.toThrow();
  });

  it.each(files)('shows a file that works: %s', (yaml) => {
    const folder = mkdtempSync(join(tmpdir(), 'telltale-readme-'));
    try {
      const file = join(folder, 'mine.yaml');
      writeFileSync(file, yaml);
      expect(() => loadConfig({ pipelines, file, env: {} })).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
