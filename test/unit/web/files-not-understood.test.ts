import { initialRecognition, type Recognition } from '../../../src/lines/recognition';
import { FilesNotUnderstood } from '../../../src/web/files-not-understood';

const of = (lines: number, unparsed: number, text = 'no form'): Recognition => ({
  ...initialRecognition,
  lines,
  unparsed,
  first: { line: 1_204, text },
});

function pageOf(files: Readonly<Record<string, Recognition>>): string {
  const shown = new FilesNotUnderstood();
  for (const [source, recognition] of Object.entries(files)) shown.put(source, recognition);
  return shown.section().toString();
}

describe('FilesNotUnderstood', () => {
  it('lists files with share, lines and first such line, highest share first', () => {
    const page = pageOf({ 'b/a.log': of(40, 12), 'b/all.log': of(1_200, 1_200), 'b/little.log': of(10, 2) });
    const rows = [...page.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
      [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell = '']) => cell.replace(/<[^>]+>/g, '')),
    );
    expect(rows).toEqual([
      [],
      ['b/all.log', '100 %', '1,200 of 1,200', 'line 1,204 no form'],
      ['b/a.log', '30 %', '12 of 40', 'line 1,204 no form'],
    ]);
    expect(page).toContain('<code>telltale check FILE</code>');
  });

  it('lists files with stray lines below the others', () => {
    const stray = { ...initialRecognition, lines: 60, stray: 30, firstStray: { line: 2, text: 'job done' } };
    const page = pageOf({ 'b/stray.log': stray, 'b/a.log': of(40, 12), 'b/few.log': { ...stray, stray: 12 } });
    expect(page).toMatch(/a\.log[^]*30 %[^]*stray\.log[^]*perhaps 50 %[^]*30 of 60[^]*line 2<\/span> job done/);
    expect(page).not.toContain('few.log');
  });

  it('forgets a file when it is read again with a format, and when it has ended', () => {
    const shown = new FilesNotUnderstood();
    for (const source of ['b/a.log', 'b/b.log', 'b/c.log']) shown.put(source, of(6, 6));
    expect(shown.metrics()).toMatchObject([{ name: 'telltale_poorly_understood_sources', value: 3 }]);
    shown.put('b/a.log', of(6, 0));
    shown.put('b/b.log', null);
    expect(shown.section().toString()).not.toMatch(/[ab]\.log/);
    expect(shown.metrics()).toMatchObject([{ value: 1 }]);
    shown.put('b/c.log', of(1_000, 6));
    expect(shown.section().toString()).toBe('');
  });

  it('shows hostile names and lines as inert text, without secrets', () => {
    const page = pageOf({ 'b/<i>\u202e.log': of(1, 1, '<script>\u001b[2J" password=hunter2') });
    for (const part of ['<script', '<i>', 'hunter2', '\u001b', '\u202e']) expect(page).not.toContain(part);
    expect(page).toContain('&#60;script&#62;\\x1b[2J&#34; password=[redacted]');
  });

  it('cuts the list to 20 rows and bounded text', () => {
    const many = Array.from({ length: 3_000 }, (_, i) => [`b/${i}.log${'x'.repeat(900)}`, of(2, 1, 'y'.repeat(120))]);
    const page = pageOf(Object.fromEntries(many) as Record<string, Recognition>);
    expect(page.length).toBeLessThan(20_000);
    expect(page).toContain('and 2,980 other files');
  });

  it('keeps the worst of too many files, and says that there are more', () => {
    const shown = new FilesNotUnderstood();
    shown.put('b/worst.log', of(10, 10));
    for (let i = 0; i < 10_000; i++) shown.put(`b/${i}.log`, of(10, 5));
    const page = shown.section().toString();
    expect(page).toContain('b/worst.log');
    expect(page).toContain('and more than 4,980 other files');
  });

  it('says why it cannot tell, and has no metric then', () => {
    const shown = new FilesNotUnderstood();
    shown.fail('Kafka does not let it read <checkpoints>; give its user the rights that docs/kafka.md lists.');
    expect(shown.section().toString()).toContain(
      'cannot tell which files are not understood: Kafka does not let it read &#60;checkpoints&#62;',
    );
    expect(shown.metrics()).toEqual([]);
  });
});
