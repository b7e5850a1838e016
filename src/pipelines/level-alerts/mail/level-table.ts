import type { MailReport } from '../alerting/mail-report';
import type { LevelCounts } from '../counting/window-record';
import { formatCount } from '../../../pluralize';

/** Counts per level, compared with the median of the hour before. */
export interface LevelTable {
  readonly columns: readonly string[];
  readonly rows: readonly LevelRow[];
  /** Says why there is no median; null when there is one. */
  readonly caption: string | null;
}

export interface LevelRow {
  readonly name: string;
  /** True for the level of the rule. */
  readonly watched: boolean;
  readonly cells: readonly string[];
}

const levels: readonly (readonly [keyof LevelCounts, string])[] = [
  ['error', 'ERROR'],
  ['warn', 'WARN'],
  ['info', 'INFO'],
  ['debug', 'DEBUG'],
  ['none', 'no level'],
];

/**
 * Compares the mean per window with the median of one window. The counts of an open window still grow: then the table has
 * no column of changes.
 */
export function levelTableOf(report: MailReport): LevelTable {
  const { totals, median, rule } = report;
  const windows = Math.max(1, report.breaches.length);
  const several = windows > 1;
  const open = report.notes.incomplete > 0;
  const usual = median === null ? [] : open ? ['Usual'] : ['Usual', 'Change'];
  return {
    columns: ['Level', open ? 'So far' : 'Lines', ...(several ? ['A window'] : []), ...usual],
    rows: levels
      .filter(([level]) => level !== 'none' || totals.none > 0)
      .map(([level, name]) => {
        const mean = totals[level] / windows;
        const against = median === null ? [] : [rounded(median[level]), ...(open ? [] : [change(mean, median[level])])];
        return {
          name,
          watched: level === rule.level,
          cells: [formatCount(totals[level]), ...(several ? [rounded(mean)] : []), ...against],
        };
      }),
    caption: median === null ? 'No complete window in the hour before to compare with.' : null,
  };
}

function rounded(count: number): string {
  return count < 10 ? formatCount(Math.round(count * 10) / 10) : formatCount(Math.round(count));
}

/** `×12`, `+40 %`, `as usual`; a median of 0 has no factor. */
function change(now: number, usual: number): string {
  if (now === usual) return 'as usual';
  if (usual === 0) return `+${rounded(now)}`;
  const factor = now / usual;
  if (factor >= 2) return `×${rounded(factor)}`;
  const percent = Math.round((factor - 1) * 100);
  if (percent === 0) return 'as usual';
  return percent > 0 ? `+${percent} %` : `−${-percent} %`;
}
