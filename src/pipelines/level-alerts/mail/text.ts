import { blocks, type Chart } from './chart';
import type { MailContent, PatternTally, Tally } from './content';
import type { LevelTable } from './level-table';
import { formatCount } from '../../../pluralize';

/** The text part: the same content in plain characters. Log lines are indented, so that no line looks like a heading. */
export function textPart(content: MailContent): string {
  const { summary } = content;
  const sections = [
    [
      `${summary.label.toUpperCase()}: ${summary.headline} (${summary.threshold})`,
      summary.place,
      content.when,
      '',
      ...wrapped(summary.lead),
      ...(content.repeat === null ? [] : ['', ...wrapped(content.repeat)]),
    ],
    content.chart && [
      ...heading(`${content.chart.title} (${content.chart.legend})`),
      ...chartLines(content.chart.bars),
    ],
    [...heading(content.levels.title), ...levelLines(content.levels.table)],
    content.windows && tallyLines(content.windows),
    content.patterns && patternLines(content.patterns),
    content.samples && sampleLines(content.samples),
    content.origins && tallyLines(content.origins),
    [...heading('What to know about these figures'), ...content.notes.flatMap((note) => wrapped(note, '- '))],
    [
      ...heading('The rule'),
      ...wrapped(content.rule.sentence),
      ...wrapped(content.rule.change),
      '',
      ...content.rule.yaml.map((line) => `    ${line}`),
    ],
    ['-- ', ...content.footer],
  ].filter((section) => section !== null);
  return `${sections.map((lines) => lines.join('\n').trimEnd()).join('\n\n')}\n`;
}

export function heading(title: string): string[] {
  return [title, '-'.repeat(title.length)];
}

/** Windows without lines that follow each other, three or more, are one row. */
function chartLines({ bars }: Chart): string[] {
  const digits = Math.max(...bars.map((bar) => formatCount(bar.count).length));
  const row = (bar: Chart['bars'][number]): string =>
    `  ${bar.time}  ${formatCount(bar.count).padStart(digits)} ${bar.breached ? '!' : ' '} ${blocks(bar.share, 40)}`.trimEnd();
  const rows: string[] = [];
  let zeros: Chart['bars'] = [];
  const endRun = (): void => {
    const [first, ...others] = zeros;
    if (first !== undefined && others.length > 1) rows.push(`${row(first)}   and ${others.length} more windows`);
    else rows.push(...zeros.map(row));
    zeros = [];
  };
  for (const bar of bars) {
    if (bar.count === 0 && !bar.breached) {
      zeros = [...zeros, bar];
      continue;
    }
    endRun();
    rows.push(row(bar));
  }
  endRun();
  return rows;
}

function levelLines(table: LevelTable): string[] {
  const rows = [table.columns, ...table.rows.map((row) => [row.name, ...row.cells])];
  const widths = table.columns.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  );
  return [...lines.map((line) => `  ${line}`), ...(table.caption === null ? [] : [`  ${table.caption}`])];
}

export function tallyLines(tally: Tally): string[] {
  const digits = countWidth(tally);
  return [
    ...heading(tally.title),
    ...tally.rows.map(({ name, count }) => `  ${count.padStart(digits)}  ${name}`),
    ...(tally.rest === null ? [] : [`  ${tally.rest}`]),
  ];
}

export function sampleLines({ title, items }: NonNullable<MailContent['samples']>): string[] {
  return [
    ...heading(title),
    ...items.flatMap(({ place, lines }) => [`  ${place}`, ...lines.map((line) => `    | ${line}`), '']),
  ];
}

export function patternLines(tally: PatternTally): string[] {
  const digits = countWidth(tally);
  return [
    ...heading(tally.title),
    ...tally.rows.map(({ name, count, isNew }) => `  ${count.padStart(digits)}  ${isNew ? 'NEW ' : ''}${name}`),
    ...(tally.rest === null ? [] : [`  ${tally.rest}`]),
  ];
}

function countWidth(tally: Tally): number {
  return Math.max(...tally.rows.map(({ count }) => count.length));
}

/** Lines of at most 76 characters, broken between words. */
export function wrapped(text: string, bullet = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && bullet.length + line.length + 1 + word.length > 76) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, i) => (i === 0 ? bullet : ' '.repeat(bullet.length)) + each);
}
