import type * as Winston from 'winston';
import { isTelltaleError } from './errors';
import { escapeControls } from './escape-controls';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export type LogFields = Record<string, unknown>;

/** The programs' own log. Fields may hold anything, even bytes of log lines: they are escaped (`hostile-input`). */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** Returns a logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

interface LogOptions {
  /** The least urgent level to write. */
  readonly level: LogLevel;
  /**
   * One JSON object per line, `{"time", "level", "message", …fields}`; else short lines for people:
   * `10:18:02 warn message key=value` (UTC).
   */
  readonly json: boolean;
}

/** Creates the log, which writes to standard error. */
export function createLog(options: LogOptions): Logger {
  let opened: Winston.Logger | null = null;
  const logger = (own: LogFields): Logger => {
    // Nested in one field, because winston gives some names a meaning (`message`, `stack`).
    const write = (level: LogLevel) => (message: string, fields?: LogFields) =>
      void (opened ??= openWinston(options)).log({ level, message, fields: { ...own, ...fields } });
    return {
      error: write('error'),
      warn: write('warn'),
      info: write('info'),
      debug: write('debug'),
      child: (fields) => logger({ ...own, ...fields }),
    };
  };
  return logger({});
}

/** Loads winston for the first line: commands that log nothing start faster without it. */
function openWinston({ level, json }: LogOptions): Winston.Logger {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a line must not wait for import()
  const { createLogger, format, transports } = require('winston') as typeof Winston;
  return createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: format.printf(({ level, message, fields }) => {
      const entry: LogEntry = {
        time: new Date(),
        level,
        message: String(message),
        fields: isFields(fields) ? fields : {},
      };
      return json ? jsonLine(entry) : humanLine(entry);
    }),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its classes as interfaces
    transports: [new transports.Stream({ stream: process.stderr })],
  });
}

function isFields(value: unknown): value is LogFields {
  return typeof value === 'object' && value !== null;
}

export interface LogEntry {
  readonly time: Date;
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export function jsonLine({ time, level, message, fields }: LogEntry): string {
  const fixed = { time: time.toISOString(), level, message };
  const values = Object.entries(fields).map(([name, value]) => [name, plain(name, value)] as const);
  return escapeControls(stringify({ ...fixed, ...Object.fromEntries(values), ...fixed }));
}

export function humanLine({ time, level, message, fields }: LogEntry): string {
  const values = Object.entries(fields).map(([name, value]) => `${name}=${word(plain(name, value))}`);
  return escapeControls([time.toISOString().slice(11, 19), level.padEnd(5), message, ...values].join(' '));
}

/** Quotes a value unless it is one word. */
function word(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=\\]+$/.test(value) ? value : stringify(value);
}

const secretName = /password|passwd|secret|credential|authorization|cookie|token/i;

/** A field's value as JSON shows it. */
function plain(name: string, value: unknown): unknown {
  if (secretName.test(name)) return '[redacted]';
  if (isTelltaleError(value)) return `${value.code}: ${value.message}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return String(value);
  return value ?? null;
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, (name, inner: unknown) => (name === '' ? inner : plain(name, inner)));
  } catch {
    return '"[circular]"';
  }
}
