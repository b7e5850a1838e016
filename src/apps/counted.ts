/** `1 window`, `1200 windows`: plain figures, for people and for `grep`. */
export function counted(count: number, noun: string): string {
  return `${count} ${plural(count, noun, `${noun}s`)}`;
}

/** The one word or the other, as goes with a number. */
export function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}
