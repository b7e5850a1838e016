import { capitalWords, levelLetters, levelWords } from '../src/lines/levels';
import { levelNames, type Level } from '../src/lines/line-batch';
import { layouts } from '../src/lines/formats/layouts';
import { levelPlaces } from '../src/lines/formats/level-places';
import { programs } from '../src/lines/formats/programs';
import { unstampedForms } from '../src/lines/formats/unstamped';
import { timestampForms } from '../src/lines/timestamp-forms';
import { wrappers } from '../src/lines/wrappers';

const introduction = `# Forms of text lines

<!-- Made by \`npm run formats-doc\` from the tables in src/lines: change those, and run it. -->

Telltale reads JSON, logfmt, access logs and [formats of your own](ingestion.md), and the text lines of this page. The
samples are the tests of the reader. Each shows the level that counts; \`NONE\` is a record without one.

- A line that begins with a date and time is always a record, in its own minute. So is one whose timestamp stands in
  brackets, or after a level word, a process, or what a container runtime puts before it.
- The level is the first strong word after the timestamp, before free text begins: in capitals, in brackets, or set off
  by a colon, tab, pipe or dash. A word of the message never counts: \`error rate is 0\` after a timestamp has no level,
  unless other lines of the file show that levels in small letters stand there.
- After the tag of syslog, a level counts in capitals or in brackets: \`host shop[12]: ERROR refused\`.
- An object of JSON, or one that Python prints, is a record, also when it is indented and has a time, or a level and a
  message.
- A date before 1970 or one that does not exist makes a record at the time of the one above.
- A line that matches nothing continues the record above it, as the lines of a stack trace do.
- When day and month are numbers and the file does not show which is which, the reading counts that fits the upload.
`;

/** The text of docs/formats.md. */
export function formatsPage(): string {
  const parts = [
    introduction,
    '## Layouts',
    ...layouts.map(({ of, samples }) => `### ${of}\n\n${listed(samples.map(([line, level]) => [level, line]))}`),
    '## Single programs\n\nTheir timestamp or level stands where no other program has it.',
    ...levelPlaces.map(
      ({ name, samples }) => `### ${name}\n\n${listed(samples.map(([line, level]) => [level, line]))}`,
    ),
    ...programs.map(({ name, samples }) => `### ${name}\n\n${listed(samples.map(([line, level]) => [level, line]))}`),
    `## Lines without a timestamp

They are records at the time of the upload as long as their source has shown no timestamp. Afterwards they continue the
record above, as \`error: 0\` in a stack trace must.`,
    listed(unstampedForms.flatMap(({ samples }) => samples.map(([line, level]) => [level, line] as const))),
    `## Around a line

Colors, NULs and byte order marks before a line, \`<PRI>\` of syslog, and these are taken off. The line inside counts.`,
    fenced(wrappers.flatMap(({ samples }) => samples.map(([line]) => line))),
    `## Timestamps

A fraction of 1 to 9 digits may follow a point or a comma, and then \`AM\` or \`PM\`. Zones are \`Z\`, \`+02:00\`, \`+0200\`,
\`+02\`, and names such as \`CET\`. Without a zone the configured one counts; a missing year or date comes from the upload.`,
    fenced(timestampForms.flatMap(({ samples }) => samples.map(([text]) => text))),
    '## Level words',
    'In any case:',
    words(levelWords),
    'Only in capitals, because they are ordinary English too:',
    words(capitalWords),
    'Single letters, where a format writes one:',
    words(levelLetters.map(([level, letters]) => [level, letters.split('')] as const)),
  ];
  return `${parts.map((part) => part.trim()).join('\n\n')}\n`;
}

function listed(rows: readonly (readonly [level: string, line: string])[]): string {
  return fenced(rows.map(([level, line]) => `${level.padEnd(5)} ${line}`));
}

/** Spaces stand for tabs, which editors show differently. */
function fenced(lines: readonly string[]): string {
  const shown = lines.map((line) => line.replaceAll('\t', '  ').trimEnd());
  return `\`\`\`text\n${shown.join('\n')}\n\`\`\``;
}

function words(table: readonly (readonly [Level, readonly string[]])[]): string {
  return fenced(table.map(([level, some]) => `${levelNames[level].padEnd(5)} ${some.join(' ')}`));
}
