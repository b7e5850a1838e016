import { Level } from '../../line-batch';
import { TimestampKind, type Timestamp } from '../../timestamps';
import type { ParsedLine } from '../format';
import { jsonFields, jsonLines, readWrapper, unescapeMessage } from './json';
import { jsonText } from './json-text';

const parsed: ParsedLine = { level: Level.NONE, kind: TimestampKind.NONE, time: 0, status: 0 };

/** The message of a JSON line. */
export interface JsonMessage {
  /** Its first line, without escapes. */
  readonly text: string;
  /** True when it is a program's own line, of any format, as container runtimes keep it. */
  readonly isWrapped: boolean;
  readonly level: Level;
  /** Kind NONE without one. */
  readonly timestamp: Timestamp;
}

/** The message of a JSON line, by the names in `field-names.ts`; null for other lines, and for one without a message. */
export function jsonMessage(line: string): JsonMessage | null {
  if (!line.startsWith('{')) return null;
  const bytes = Buffer.from(line);
  const isWrapped = readWrapper(bytes, 0, bytes.length, parsed);
  if (!isWrapped && !jsonLines.parse(bytes, 0, bytes.length, parsed)) return null;
  const { messageStart, messageEnd } = jsonFields;
  if (messageEnd === messageStart) return null;
  const { level, kind, time } = parsed;
  return { text: jsonText.toString('utf8', 0, unescapeMessage()), isWrapped, level, timestamp: { kind, time } };
}
