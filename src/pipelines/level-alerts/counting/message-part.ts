import { jsonMessage } from '../../../lines/formats/fields/json-message';
import { headEnd } from '../../../lines/formats/head-end';

/**
 * Finds the message in a line of any format, without knowing the format: the text after the level. Tries the most
 * specific format first: a JSON or logfmt message field, a syslog header, then the level's token. A line without any of
 * them is all message.
 */
export interface MessagePart {
  /** The logger or program that wrote it; "" if the line names none. */
  readonly logger: string;
  readonly message: string;
}

/** How many characters at the start of a line may hold the level. */
const maxPrefix = 200;

/** @param text a line without control characters and white space around it */
export function messagePart(text: string): MessagePart {
  const json = jsonMessage(text);
  // The line that a container wrote has a head of its own.
  if (json?.isWrapped === true) return splitLogger(textMessage(json.text.trim()));
  return splitLogger(json?.text ?? textMessage(text));
}

function textMessage(text: string): string {
  return (
    jsonMessage(text)?.text ??
    logfmtMessage(text) ??
    syslogMessage(text) ??
    behindLevel(text) ??
    behindHead(text) ??
    text
  );
}

function logfmtMessage(text: string): string | undefined {
  if (!/(?:^|\s)(?:level|lvl|severity)=/.test(text)) return undefined;
  const found = /(?:^|\s)(?:msg|message)=(?:"((?:[^"\\]|\\.)*)|(\S+))/.exec(text);
  return found?.[1] ?? found?.[2];
}

/** RFC 5424 `<11>1 timestamp host app pid id [data] message`, and RFC 3164 `<11>Oct 11 22:14:15 host app[1]: message`. */
function syslogMessage(text: string): string | undefined {
  const rfc5424 = /^<\d{1,3}>1 \S+ \S+ (\S+) \S+ \S+ (?:-|(?:\[[^\]]*\])+) ?(.*)$/s.exec(text);
  if (rfc5424 !== null) return `${rfc5424[1] ?? ''}: ${rfc5424[2] ?? ''}`;
  return /^<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ (.*)$/s.exec(text)?.[1];
}

/** In capitals the level may stand alone (`… ERROR …`); in small letters it must be bracketed (`[error]`, `[core:error]`). */
const level =
  /(?:^|[\s[(|:])(?:ERROR|FATAL|SEVERE|CRITICAL|EMERG|ALERT)(?=[\s\])|:]|$)|\[(?:\w+:)?(?:error|crit|critical|fatal|severe|alert|emerg)(?=\])/;

function behindLevel(text: string): string | undefined {
  const found = level.exec(text.slice(0, maxPrefix));
  if (found === null) return undefined;
  return withoutMarks(text.slice(found.index + found[0].length));
}

/** The message after a level, without what loggers put between the two. */
function withoutMarks(text: string): string {
  return text
    .replace(/^[\s\])|:-]+/, '')
    .replace(/^\d+ --- (?=\[)/, '') // Spring Boot's process id
    .replace(/^\d+ [\w./-]{1,100}:\d+\] /, '') // klog's thread and place
    .replace(/^(?:\[[^\]]*\]\s*)+/, '') // threads, clients
    .replace(/^[-:]\s+/, '');
}

/** Lines of the many forms that only their head tells, such as `E1129 10:00:00.1 7 x.go:12] gone` and `10:00:00 ERR gone`. */
function behindHead(text: string): string | undefined {
  const bytes = Buffer.from(text);
  const end = headEnd(bytes);
  return end === -1 ? undefined : withoutMarks(bytes.toString('utf8', end));
}

/** `logger - message`, `logger: message`, `app[pid]: message`; a single word before the colon (`Failed: …`) is not a logger. */
function splitLogger(text: string): MessagePart {
  const found = /^([\w$./@-]{1,120})(?:\[\d+\])?(\s+-\s+|\s*:\s+)/.exec(text);
  const logger = found?.[1] ?? '';
  const isLogger = found !== null && (found[2]?.includes('-') === true || /[.$\d/]|^[a-z]/.test(logger));
  return isLogger ? { logger, message: text.slice(found[0].length) } : { logger: '', message: text };
}
