/** `1 window`, `1200 windows`: plain numbers, for people and for `grep`. */
export function pluralize(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** `1,204`, and at most three decimals. Without `Intl`, whose data takes some 10 ms to load. */
export function formatCount(count: number): string {
  const rounded = Number.isInteger(count) ? count : Math.round(count * 1000) / 1000;
  const [whole = '', ...decimals] = String(rounded).split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...decimals].join('.');
}

/** `33.3 %`; `100 %` only for all, and `0 %` only for none. */
export function share(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.1) return '<0.1 %';
  return `${percent % 1 === 0 ? percent : Math.min(99.9, Number(percent.toFixed(1)))} %`;
}
