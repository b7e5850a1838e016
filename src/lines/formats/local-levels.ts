import { Level } from '../line-batch';
import { byteAt } from '../timestamps';

/**
 * Level words of other languages with letters beyond ASCII, before a colon, as PostgreSQL (`lc_messages`) and
 * java.util.logging write them. {@link levelWords} has those of ASCII alone.
 */
const localLevels: readonly (readonly [Buffer, Level])[] = (
  [
    [Level.ERROR, ['ОШИБКА', 'ВАЖНО', 'ПАНИКА', 'ПОМИЛКА', 'ФАТАЛЬНО', 'ПАНІКА', 'BŁĄD', 'KATASTROFALNY', 'PÁNICO']],
    [Level.ERROR, ['PÂNICO', 'ΣΦΑΛΜΑ', '严重', '嚴重', '重大', '심각', '错误', '致命错误', '錯誤', '致命錯誤']],
    [Level.ERROR, ['エラー', '致命的エラー', '오류', '치명적오류']],
    [Level.WARN, ['ПРЕДУПРЕЖДЕНИЕ', 'ПОПЕРЕДЖЕННЯ', 'OSTRZEŻENIE', 'ΠΡΟΕΙΔΟΠΟΙΗΣΗ', '警告', '경고']],
    [Level.WARN, ['ADVERTENCIA', 'ADVERTÊNCIA', 'AVVERTENZA']],
    [
      Level.INFO,
      ['СООБЩЕНИЕ', 'ЗАМЕЧАНИЕ', 'ПОВІДОМЛЕННЯ', '信息', '資訊', '情報', '정보', '日志', '日誌', '로그', 'ログ'],
    ],
    [Level.INFO, ['INFORMACIÓN', 'INFORMAÇÕES', 'INFORMAZIONI']],
  ] as const
).flatMap(([level, words]) => words.map((word) => [Buffer.from(`${word}:`), level] as const));

const firstBytes = new Set(localLevels.map(([text]) => text[0]));

/** The level whose word, with a colon, begins at `start`; undefined without one. */
export function localLevelAt(bytes: Buffer, start: number, end: number): Level | undefined {
  if (!firstBytes.has(bytes[start])) return undefined;
  return localLevels.find(([text]) => bytes.subarray(start, Math.min(end, start + text.length)).equals(text))?.[1];
}

/** The level whose word is all between a blank, or `start`, and the colon at `colon`; undefined without one. */
export function localLevelBefore(bytes: Buffer, start: number, colon: number): Level | undefined {
  if (colon - start < 2 || byteAt(bytes, colon - 1) < 65) return undefined;
  let word = colon;
  while (word > start && byteAt(bytes, word - 1) > 32 && byteAt(bytes, word - 1) !== closing) word--;
  return localLevelAt(bytes, word, colon + 1);
}

/** `]`, after which a level may stand without a blank. */
const closing = 93;
