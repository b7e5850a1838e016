import { jsonMessage, type JsonMessage } from '../../../lines/formats/fields/json-message';
import { Level, levelNames } from '../../../lines/line-batch';
import { TimestampKind } from '../../../lines/timestamps';

/**
 * A log line for a reader. A JSON line becomes `2026-11-20T10:00:01.000Z ERROR message`; a container's JSON becomes the line
 * that it wraps, with the container's time when that line begins with none. All others stay as they are.
 */
export function readableLine(line: string): string {
  const json = jsonMessage(line.trim());
  if (json === null) return line;
  if (!json.isWrapped) return sentenceOf(json, '');
  const outer = timeOf(json);
  const inner = jsonMessage(json.text.trim());
  if (inner !== null) return sentenceOf(inner, outer);
  return outer === '' || beginsWithTime(json.text) ? json.text : `${outer} ${json.text}`;
}

function sentenceOf(json: JsonMessage, outerTime: string): string {
  const time = timeOf(json) || outerTime;
  const level = json.level < Level.NONE ? levelNames[json.level] : '';
  return [time, level, json.text].filter((part) => part !== '').join(' ');
}

/** ISO 8601; without a zone where the line names none. */
function timeOf({ timestamp: { kind, time } }: JsonMessage): string {
  if ((kind !== TimestampKind.ABSOLUTE && kind !== TimestampKind.WALL) || !isTime(time)) return '';
  const text = new Date(time).toISOString();
  return kind === TimestampKind.ABSOLUTE ? text : text.slice(0, -1);
}

function isTime(time: number): boolean {
  return !Number.isNaN(new Date(time).getTime());
}

/** True also for a line that begins with another number: it has the container's time beside it in the log. */
function beginsWithTime(text: string): boolean {
  return /^[[(<"]*\d/.test(text);
}
