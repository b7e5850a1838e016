import { TelltaleError } from '../errors';
import { compilePattern } from './pattern';
import type { Random } from './random';

/** Options for generated lines, as in the section `generator` of the configuration. */
export interface LineSettings {
  /** Length of a message in characters before a pattern is inserted, uniform from `minLength` to `maxLength`. */
  readonly minLength: number;
  readonly maxLength: number;
  /** See {@link compilePattern}. */
  readonly pattern: string;
  /** Share of messages that contain a string of the pattern, 0 to 1. */
  readonly frequency: number;
  /** Share of each level as a range [from, to) of a uniform draw from [0, 1). Together the ranges cover it. */
  readonly levels: Readonly<Record<(typeof levelNames)[number], readonly [from: number, to: number]>>;
}

/** The next line, with its timestamp in epoch milliseconds and without terminator. */
export type LineMaker = (time: number) => string;

const levelNames = ['error', 'warn', 'info', 'debug'] as const;

/**
 * Generates lines as logback writes them with `%d{HH:mm:ss.SSS} [%thread] %-5level %logger - %msg%n`, UTC, with random
 * printable messages.
 * @throws CONFIG when the pattern is not supported
 */
export function createLineMaker(settings: LineSettings, random: Random): LineMaker {
  const { minLength, maxLength, frequency } = settings;
  const patternString = compilePattern(settings.pattern);
  const levels = levelNames.map((name) => ({ name: name.toUpperCase().padEnd(5), range: settings.levels[name] }));

  const level = (): string => {
    const draw = random.fraction();
    const drawn = levels.find(({ range: [from, to] }) => from <= draw && draw < to);
    if (drawn === undefined) throw new TelltaleError('CONFIG', `generator.levels: no range holds ${draw}`);
    return drawn.name;
  };
  const message = (): string => {
    const text = printable(random, random.integer(minLength, maxLength));
    if (random.fraction() >= frequency) return text;
    const at = random.integer(0, text.length);
    return text.slice(0, at) + patternString(random) + text.slice(at);
  };
  return (time) => `${timeOfDay(time)} [generator] ${level()} LogFileGenerator - ${message()}`;
}

/** The name of the file for a line of this time: one file per day, UTC. */
export function fileNameOf(time: number): string {
  return `LogFileGenerator.${new Date(time).toISOString().slice(0, 10)}.log`;
}

function timeOfDay(time: number): string {
  return new Date(time).toISOString().slice(11, 23);
}

/** ASCII from `!` to `~`, without spaces, so that no message looks like the header of another format. */
function printable(random: Random, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(random.integer(0x21, 0x7e));
  return text;
}
