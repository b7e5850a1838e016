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
