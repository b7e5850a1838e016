import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { pipelines } from '../../../src/pipelines';
import { projectFile } from '../../../src/project-file';

describe('conf/default.yaml', () => {
  const text = readFileSync(projectFile('conf/default.yaml'), 'utf8');
  const lines = text.split('\n');

  /** A comment above the key, or above the one directly above it. */
  function isExplained(line: number): boolean {
    const above = (lines[line - 1] ?? '').trim();
    if (above.startsWith('#')) return true;
    const indent = (text: string): number => text.length - text.trimStart().length;
    return above !== '' && indent(lines[line - 1] ?? '') === indent(lines[line] ?? '') && isExplained(line - 1);
  }

  it('explains every section and every key at the top', () => {
    const top = lines.flatMap((text, line) => (/^\w+:/.test(text) ? [line] : []));
    expect(top.filter((line) => !isExplained(line)).map((line) => lines[line])).toEqual([]);
    expect(top.length).toBeGreaterThan(10);
  });

  it.each(pipelines.map(({ name, config }) => ({ name, config })))(
    'repeats the defaults of the pipeline $name',
    ({ config }) => {
      const document = parse(text) as Record<string, unknown>;
      expect(Object.fromEntries(Object.keys(config.defaults).map((key) => [key, document[key]]))).toEqual(
        config.defaults,
      );
    },
  );
});
