import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisions } from '../../../src/decisions';
import { projectFile } from '../../../src/project-file';

function sources(folder: string): string[] {
  return readdirSync(projectFile(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'decisions.ts')
    .map((name) => readFileSync(join(projectFile(folder), name), 'utf8'));
}

describe('table of decisions in docs/troubleshooting.md', () => {
  it('has a row for each decision, with its event, level, counter and meaning', () => {
    const page = readFileSync(projectFile('docs/troubleshooting.md'), 'utf8');
    const rows = page.split('\n').filter((line) => line.includes('| `telltale_'));
    expect(rows).toEqual(
      Object.values(decisions).map(
        ({ event, level, counter, help }) => `| ${event} | ${level} | \`${counter}\` | ${help} |`,
      ),
    );
  });
});

describe('decisions', () => {
  const code = [...sources('src'), ...sources('actors')].join('\n');

  it.each(Object.keys(decisions))('reports %s somewhere', (name) => {
    expect(code).toContain(`'${name}'`);
  });
});
