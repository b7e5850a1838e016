import type { LineFormat } from './formats/format';
import { beginsPlace } from './zone-names';
import { Recognizer, type Shown } from './recognizer';
import { TimestampKind } from './timestamps';

/**
 * Texts that may follow where a line was torn within or directly after its timestamp: the rest of a number, of `AM` and
 * `PM`, or of a zone.
 */
const completions = [
  ...['0', '00', '1', '5', '30', '55', '060', '500', ':55', ' 10:00:55'],
  ...['NACHM.', ' NACHM.', 'ACHM.', 'CHM.', 'HM.', 'M.', '.'],
  ...['M', 'PM', ' PM', '.m.', 'M CET', 'PM CET', ' PM CET'],
  ...['C', 'T', 'Z', 'ET', 'MT', 'ST', 'SK', 'TC', 'CET', 'UTC', ' CET'],
  ...['0500', '+05', '+05:00', '+060', ' +0500', ']', '5]', '0]', '00]', '500]', '0500]', '+0500]'],
  ...['5)', '+5)', 'C+5)', 'TC+5)', 'UTC+5)'],
  ...['2026', ' 2026', '0 2026', '00 2026', 'T 2026', 'ET 2026', 'ST 2026', 'TC 2026', 'CET 2026', ' CET 2026'],
].map((text) => Buffer.from(`${text} x`));

/** The rest of the second half of the day in Japanese, Chinese and Korean: it may be torn within a letter. */
const restsOfHalves = [' 午後', ' 下午', ' 오후'].flatMap((text) => {
  const bytes = Buffer.from(`${text} x`);
  return [0, 1, 2, 3, 4, 5, 6].map((from) => bytes.subarray(from));
});

/** Only digits, capitals of a zone and the like stand so close to the end of a torn timestamp. */
const maxBehindDigit = 16;

/**
 * True when the line may end within its timestamp, or directly after it: with more text, it would be read at another time.
 * Such a line is torn, as its program had not yet written its message.
 * @param shown of the lines above
 */
export function hasTornTimestamp(line: Buffer, customFormat: LineFormat | null, shown: Shown): boolean {
  const isInPlace = endsInPlace(line);
  if (!isInPlace && !hasDigit(line.subarray(Math.max(0, line.length - maxBehindDigit)))) return false;
  const whole = new Recognizer(customFormat, shown);
  if (!whole.recognizeAny(line, 0, line.length) || whole.parsed.kind === TimestampKind.NONE) return false;
  if (isInPlace) return true;
  return [...completions, ...restsOfHalves].some((completion) => {
    const longer = new Recognizer(customFormat, shown);
    const bytes = Buffer.concat([line, completion]);
    if (!longer.recognizeAny(bytes, 0, bytes.length)) return false;
    const { kind, time } = longer.parsed;
    return kind !== TimestampKind.NONE && (kind !== whole.parsed.kind || time !== whole.parsed.time);
  });
}

/** True when the line ends in the name of a zone such as `Europe/Lon`, after the digits of a time. */
function endsInPlace(line: Buffer): boolean {
  const end = line.toString('latin1', Math.max(0, line.length - maxPlace));
  const [, word] = /\d ([A-Z][a-z][\w/+-]*)$/.exec(end) ?? [];
  return word !== undefined && beginsPlace(word);
}

/** The longest name of a zone, and the digit and blank before it. */
const maxPlace = 44;

function hasDigit(bytes: Buffer): boolean {
  return bytes.some((byte) => byte >= 48 && byte <= 57);
}
