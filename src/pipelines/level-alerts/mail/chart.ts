import type { MailReport } from '../alerting/mail-report';
import { clockTime } from './times';

/** The last windows as bars. */
export interface Chart {
  readonly bars: readonly Bar[];
  readonly highest: Bar;
}

export interface Bar {
  /** `10:05` UTC: the window's start. */
  readonly time: string;
  /** Lines at the rule's level. */
  readonly count: number;
  /** 0 … 1 of the highest bar. */
  readonly share: number;
  readonly breached: boolean;
}

/** Bars of the rule's level; null when the report has no windows to draw. */
export function chartOf(report: MailReport): Chart | null {
  const { level } = report.rule;
  const most = Math.max(1, ...report.chart.map((window) => window[level]));
  const bars = report.chart.map((window) => ({
    time: clockTime(window.windowStart),
    count: window[level],
    share: window[level] / most,
    breached: window.breached,
  }));
  const highest = bars.reduce<Bar | undefined>((top, bar) => (top && top.count >= bar.count ? top : bar), undefined);
  return highest === undefined ? null : { bars, highest };
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of block characters, `width` of them when `share` is 1; a share above 0 has at least an eighth. */
export function blocks(share: number, width: number): string {
  const length = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  return '█'.repeat(Math.floor(length / 8)) + (eighths[length % 8] ?? '');
}
