/** `1 window`, `1200 windows`: plain numbers, for people and for `grep`. */
export function pluralize(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}
