import { truncate } from '../../../html/escape';
import type { IncidentTable, SummaryContent } from './summary-content';
import { heading, patternLines, sampleLines, tallyLines, wrapped } from './text';

/** The text part of a mail about several incidents: at most 80 characters a line, except log lines. */
export function summaryTextPart(content: SummaryContent): string {
  const { words } = content;
  const sections = [
    [
      `${words.label.toUpperCase()}: ${words.headline} (${words.state})`,
      words.place,
      content.when,
      '',
      ...wrapped(words.lead),
      ...(content.repeat === null ? [] : ['', ...wrapped(content.repeat)]),
    ],
    content.patterns && patternLines(content.patterns),
    incidentLines(content.incidents),
    content.origins && tallyLines(content.origins),
    content.samples && sampleLines(content.samples),
    [...heading('What to know about these figures'), ...content.notes.flatMap((note) => wrapped(note, '- '))],
    ['-- ', ...content.footer],
  ].filter((section) => section !== null);
  return `${sections.map((lines) => lines.join('\n').trimEnd()).join('\n\n')}\n`;
}

const width = 78;

/** Two lines for each incident: when, how much and where; then what. */
function incidentLines({ title, rows, rest }: IncidentTable): string[] {
  const digits = Math.max(...rows.map(({ lines }) => lines.length));
  const states = Math.max(...rows.map(({ state }) => state.length));
  return [
    ...heading(title),
    ...rows.flatMap(({ day, span, state, lines, rule, place, pattern }) => [
      truncate(
        `  ${[day, span].filter((part) => part !== '').join(' ')}  ${state.padEnd(states)}  ${lines.padStart(digits)}  ${[place, rule].filter((part) => part !== '').join(', ')}`,
        width,
      ),
      ...(pattern === '' ? [] : [truncate(`      ${pattern}`, width)]),
    ]),
    ...(rest === null ? [] : [`  ${rest}`]),
  ];
}
