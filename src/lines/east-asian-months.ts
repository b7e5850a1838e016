/** The months in Chinese numerals: `一月` to `十二月`. */
const monthNumerals = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '十一', '十二'].map((text, i) => ({
  text: Buffer.from(`${text}月`),
  month: i + 1,
}));

/** The month 1–12 whose name in numerals stands at `pos`, and the position after it; null without one. */
export function monthNumeral(bytes: Buffer, pos: number, end: number): { month: number; end: number } | null {
  const found = monthNumerals.find(
    ({ text }) => pos + text.length <= end && text.every((byte, i) => bytes[pos + i] === byte),
  );
  return found === undefined ? null : { month: found.month, end: pos + found.text.length };
}
