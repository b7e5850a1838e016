import { validate as isCron } from 'node-cron';
import { z } from 'zod';
import { Secret } from '../secret';
import { addressProblem } from './mail-address';

/**
 * The kinds of values that a configuration holds.
 *
 * Each kind reads values from YAML (a number, a list) and text from the environment and `--set`. A refusal says which value
 * it expects. Each kind writes a value back as a person would.
 */

/** An unchecked value in the file; a T after reading. */
export type Field<T> = z.ZodCodec<z.ZodUnknown, z.ZodCustom<T, T>>;

/** A value of the configuration: `read` gives undefined for a value that is not `expected`. */
function field<T>(
  expected: string,
  read: (raw: unknown) => T | undefined,
  write: (value: T) => unknown = (v) => v,
): Field<T> {
  return z.codec(z.unknown(), z.custom<T>(), {
    decode: (raw, context) => {
      const value = read(raw);
      if (value !== undefined) return value;
      context.issues.push({ code: 'custom', message: `expected ${expected}, found ${shown(raw)}`, input: raw });
      return z.NEVER;
    },
    encode: write,
  });
}

/** A value in an error message: one short line. */
export function shown(raw: unknown): string {
  if (raw === undefined) return 'nothing';
  const text = JSON.stringify(raw);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Text in one line. */
export function printable(value: string): boolean {
  return value !== '' && !/\p{Cc}/u.test(value);
}

/** The message of an object's schema for a value that is not an object. */
export function notAnObject({ code, input }: { readonly code: string; readonly input?: unknown }): string | undefined {
  return code === 'invalid_type' ? `expected keys with their values, found ${shown(input)}` : undefined;
}

/** Text that passes `fits`. */
export function text(expected: string, fits: (text: string) => boolean): Field<string> {
  return field(expected, (raw) => (typeof raw === 'string' && fits(raw) ? raw : undefined));
}

/** Text that no message quotes and that is written back as `[secret]`. */
export function secret(): Field<Secret> {
  return z.codec(z.unknown(), z.custom<Secret>(), {
    decode: (raw, context) => {
      if (typeof raw === 'string' && raw !== '') return new Secret(raw);
      const message = raw === '' ? 'expected text, found nothing' : 'expected text: put quotes around it';
      context.issues.push({ code: 'custom', message, input: null });
      return z.NEVER;
    },
    encode: String,
  });
}

/** A mail address that every kind of sender accepts. */
export function mailAddress(): Field<string> {
  return z.codec(z.unknown(), z.custom<string>(), {
    decode: (raw, context) => {
      const problem = addressProblem(typeof raw === 'string' ? raw : '');
      if (typeof raw === 'string' && problem === null) return raw;
      context.issues.push({ code: 'custom', message: `${shown(raw)} ${problem ?? ''}`, input: raw });
      return z.NEVER;
    },
    encode: (value) => value,
  });
}

/** Between 1 and `max` mail addresses. A repeated one is read once. */
export function mailAddresses(max: number): Field<string[]> {
  return z.codec(z.unknown(), z.custom<string[]>(), {
    decode: (raw, context) => {
      const list = readList(raw) ?? [];
      const texts = list.filter((item) => typeof item === 'string');
      const complain = (message: string): void => void context.issues.push({ code: 'custom', message, input: raw });
      if (list.length === 0 || list.length > max || texts.length < list.length) {
        complain(`expected a list of 1 to ${max} mail addresses such as ["ops@example.com"], found ${shown(raw)}`);
        return z.NEVER;
      }
      const bad = texts.map((text) => [text, addressProblem(text)] as const).filter(([, why]) => why !== null);
      for (const [text, why] of bad) complain(`${shown(text)} ${why ?? ''}`);
      return bad.length === 0 ? [...new Set(texts)] : z.NEVER;
    },
    encode: (value) => value,
  });
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Field<T> {
  return field(`one of ${words.join(', ')}`, (raw) => words.find((word) => word === raw));
}

export function flag(): Field<boolean> {
  return field('true or false', (raw) => {
    if (raw === true || raw === 'true') return true;
    return raw === false || raw === 'false' ? false : undefined;
  });
}

function readNumber(raw: unknown): number | undefined {
  const number = typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A number between `min` and `max`, both included. */
function numberBetween(expected: string, min: number, max: number, fits: (n: number) => boolean): Field<number> {
  return field(expected, (raw) => {
    const number = readNumber(raw);
    return number !== undefined && number >= min && number <= max && fits(number) ? number : undefined;
  });
}

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Field<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return numberBetween(`a whole number ${range}`, min, max, Number.isSafeInteger);
}

/** A share: 0 to 1. */
export function share(): Field<number> {
  return numberBetween('a number from 0 to 1', 0, 1, () => true);
}

/** From the environment and `--set` a list comes as JSON or separated by commas. */
function readList(raw: unknown): readonly unknown[] | undefined {
  if (typeof raw !== 'string') return Array.isArray(raw) ? raw : undefined;
  if (raw.startsWith('[')) {
    const parsed = parseJson(raw);
    return Array.isArray(parsed) ? parsed : undefined;
  }
  return raw
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The value of a JSON text, undefined when it is not JSON. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Between `min` and `max` texts that each pass `fits`. A repeated one is read once. */
export function textList(expected: string, fits: (text: string) => boolean, min = 0, max = 1000): Field<string[]> {
  return field(expected, (raw) => {
    const list = readList(raw);
    if (list === undefined || list.length < min || list.length > max) return undefined;
    const texts = list.filter((item): item is string => typeof item === 'string' && fits(item));
    return texts.length === list.length ? [...new Set(texts)] : undefined;
  });
}

/** A part of the range 0 to 1: [from, to). */
export function range(): Field<[number, number]> {
  return field(
    'two numbers from 0 to 1, the smaller first, such as [0.2, 0.3]',
    (raw): [number, number] | undefined => {
      const [from, to, ...more] = (readList(raw) ?? []).map(readNumber);
      if (from === undefined || to === undefined || more.length > 0) return undefined;
      return 0 <= from && from <= to && to <= 1 ? [from, to] : undefined;
    },
  );
}

/** As `inner`, but the message for a missing value says why one is needed. */
export function needed<T>(inner: Field<T>, why: string): Field<T> {
  return z.codec(z.unknown(), z.custom<T>(), {
    decode: (raw, context) => {
      const result = inner.safeParse(raw);
      if (result.success) return result.data;
      const reason = raw === undefined ? `${why}: ` : '';
      for (const { message } of result.error.issues) {
        context.issues.push({ code: 'custom', message: `${reason}${message}`, input: raw });
      }
      return z.NEVER;
    },
    encode: (value) => inner.encode(value),
  });
}

/**
 * As `inner`, or null. Empty text is not null: `--set consumer.run=$UNSET` must not mean all jobs.
 * @param meaning what null means, for the message about an empty value
 */
export function orNull<T>(inner: Field<T>, meaning = 'that it is not set'): Field<T | null> {
  return z.codec(z.unknown(), z.custom<T | null>(), {
    decode: (raw, context) => {
      if (raw === null || raw === 'null') return null;
      const result = inner.safeParse(raw);
      if (result.success) return result.data;
      const hint = isEmpty(raw) ? `; null means ${meaning}` : '';
      for (const { message } of result.error.issues) {
        context.issues.push({ code: 'custom', message: `${message}${hint}`, input: raw });
      }
      return z.NEVER;
    },
    encode: (value) => (value === null ? null : inner.encode(value)),
  });
}

function isEmpty(raw: unknown): boolean {
  return raw === '' || readList(raw)?.length === 0;
}

const durationUnits = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const sizeUnits = { GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, GB: 1e9, MB: 1e6, kB: 1e3, B: 1 } as const;

/** `15m` → 15 × units.m; undefined for another form, another unit, or a fraction of the smallest unit. */
function readAmount(raw: unknown, units: Readonly<Record<string, number>>): number | undefined {
  const match = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)\s?([A-Za-z]+)$/.exec(raw) : null;
  if (match === null) return undefined;
  const [, digits, unit = ''] = match;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  const amount = Number(digits) * (factor ?? NaN);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** Writes an amount in the largest unit that needs no fraction. */
function writeAmount(amount: number, units: Readonly<Record<string, number>>, zero: string): string {
  if (amount === 0) return zero;
  const [unit = '', factor = 1] = Object.entries(units).find(([, size]) => amount % size === 0) ?? [];
  return `${amount / factor}${unit}`;
}

/** Milliseconds, written as `250ms`, `60s`, `15m`, `4h` or `7d`. */
export function writeDuration(ms: number): string {
  return writeAmount(ms, durationUnits, '0s');
}

/** `a, b or c`: the examples that would be accepted. */
function examplesOf(read: (raw: unknown) => number | undefined, ...written: readonly string[]): string {
  const taken = written.filter((example) => read(example) !== undefined);
  return [taken.slice(0, -1).join(', '), ...taken.slice(-1)].filter((part) => part !== '').join(' or ');
}

/** A duration of at least `minMs` and at most `maxMs`, in milliseconds. */
export function duration(minMs: number, maxMs = Infinity): Field<number> {
  const least = minMs === 0 ? '' : ` of at least ${writeDuration(minMs)}`;
  const most = maxMs === Infinity ? '' : ` and at most ${writeDuration(maxMs)}`;
  const read = (raw: unknown): number | undefined => {
    const ms = readAmount(raw, durationUnits);
    return ms !== undefined && ms >= minMs && ms <= maxMs ? ms : undefined;
  };
  const examples = examplesOf(read, '250ms', '60s', '15m', '4h', '7d');
  return field(`a duration${least}${most}, such as ${examples}`, read, writeDuration);
}

/** A size between `min` and `max` bytes, in bytes. */
export function size(min: number, max: number): Field<number> {
  const write = (bytes: number): string => writeAmount(bytes, sizeUnits, '0B');
  const read = (raw: unknown): number | undefined => {
    const bytes = readAmount(raw, sizeUnits);
    return bytes !== undefined && bytes >= min && bytes <= max ? bytes : undefined;
  };
  const examples = examplesOf(read, '64KiB', '500kB', '8MiB', '1GiB');
  return field(`a size from ${write(min)} to ${write(max)}, such as ${examples}`, read, write);
}

/** A cron expression as node-cron understands it: five fields, or six with the seconds first. */
export function cron(): Field<string> {
  return text('a cron expression such as "*/5 * * * *" (seconds may come first)', isCron);
}

/** An IANA time zone that this Node knows. */
export function timeZone(): Field<string> {
  return text('a time zone such as UTC or Europe/Berlin', (zone) => {
    // Without `Intl`, whose data takes some 10 ms to load.
    if (zone === 'UTC') return true;
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  });
}

/** A day, or a time with its zone, in ISO 8601. */
export function isIsoDate(date: string): boolean {
  const form = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
  const [, day = ''] = form.exec(date) ?? [];
  if (Number.isNaN(Date.parse(day)) || Number.isNaN(Date.parse(date))) return false;
  // `Date` takes 30 February for 2 March.
  return new Date(day).toISOString().startsWith(day);
}
