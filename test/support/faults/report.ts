import type { Row } from './campaign';
import type { Site } from './programs';
import type { StaticSite } from './static-sites';

/** A call site as the report names it: `src/a.ts:8 open`. */
const nameOf = (place: string, call: string): string => `${place} ${call}`;

/** The calls of the sources that no scenario makes. */
export function notReached(all: readonly StaticSite[], reached: readonly Site[]): readonly string[] {
  const made = new Set(reached.map(({ places, call }) => nameOf(places[0] ?? '', call)));
  const names = all.map(({ place, call }) => nameOf(place, call)).filter((name) => !made.has(name));
  return [...new Set(names)].sort();
}

/** The numbers of a campaign in one line. */
export function summaryOf(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const outcomes = Array.from(counts, ([outcome, count]) => `${count} ${outcome}`).sort();
  const sites = new Set(rows.map(({ site }) => site)).size;
  const failed = rows.filter(({ problems }) => problems.length > 0).length;
  return `${rows.length} faults at ${sites} sites: ${outcomes.join(', ')}; ${failed} with problems`;
}

/** A table of every fault, and the sites without one, as Markdown. */
export function reportOf(rows: readonly Row[], missed: readonly string[]): string {
  const table = rows.map(({ scenario, site, fault, outcome, said, problems }) => {
    const cells = [scenario, site, fault, outcome, said.split('\n').at(-1) ?? '', problems.join('; ')];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300)).join(' | ')} |`;
  });
  return [
    '# Faults',
    '',
    summaryOf(rows),
    '',
    '| scenario | site | fault | outcome | last message | problems |',
    '|---|---|---|---|---|---|',
    ...table,
    '',
    `## Not reached: ${missed.length} sites`,
    '',
    ...missed.map((name) => `- ${name}`),
    '',
  ].join('\n');
}
