import { readFileSync } from 'node:fs';
import { decisions } from '../../../src/decisions';
import { projectFile } from '../../../src/project-file';

describe('docs/troubleshooting.md', () => {
  it('names log events with their counters as the table of decisions has them', () => {
    const text = readFileSync(projectFile('docs/troubleshooting.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([^`]+)` \| `(telltale_\w+)` \|/gm)].map(([, event, counter]) => [
      event,
      counter,
    ]);
    expect(rows.length).toBeGreaterThan(10);
    const known = Object.values(decisions).map(({ event, counter }) => [event, counter]);
    for (const row of rows) expect(known).toContainEqual(row);
  });
});
