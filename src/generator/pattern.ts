import { isTelltaleError, TelltaleError } from '../errors';
import type { Random } from './random';

/** Makes a string that the expression matches as a whole. */
export type StringMaker = (random: Random) => string;

/** Longest string that an expression may make, in characters. */
const MAX_LENGTH = 64 * 1024;

/**
 * Compiles a subset of regular expressions into a string generator: characters, escaped characters, classes (`[a-cX]`),
 * groups, alternatives (`|`) and the counts `{n}`, `{n,m}` and `?`. Every alternative, every character of a class and
 * every count is equally likely.
 * @throws CONFIG for other syntax, with its place in the expression
 */
export function compilePattern(source: string): StringMaker {
  return new Parser(source).parse().make;
}

/** Says in a sentence why no generator of strings can be made of an expression; null when it can. */
export function unsupportedIn(source: string): string | null {
  try {
    compilePattern(source);
    return null;
  } catch (error) {
    if (isTelltaleError(error, 'CONFIG')) return error.message;
    throw error;
  }
}

interface Part {
  readonly make: StringMaker;
  /** Length of the longest string it makes. */
  readonly longest: number;
}

/** Recursive-descent parser: alternatives of sequences of counted atoms. */
class Parser {
  private readonly chars: readonly string[];
  private at = 0;

  constructor(private readonly source: string) {
    this.chars = Array.from(source);
  }

  parse(): Part {
    const whole = this.alternatives();
    if (this.at < this.chars.length) throw this.error('there is no group to close');
    return whole;
  }

  private alternatives(): Part {
    const choices = [this.sequence()];
    while (this.take('|')) choices.push(this.sequence());
    const [only] = choices;
    if (only !== undefined && choices.length === 1) return only;
    return {
      make: (random) => pick(random, choices).make(random),
      longest: Math.max(...choices.map((c) => c.longest)),
    };
  }

  private sequence(): Part {
    const parts: Part[] = [];
    for (let char = this.peek(); char !== undefined && char !== '|' && char !== ')'; char = this.peek()) {
      parts.push(this.counted());
    }
    return this.bounded({
      make: (random) => parts.map((part) => part.make(random)).join(''),
      longest: parts.reduce((sum, part) => sum + part.longest, 0),
    });
  }

  private counted(): Part {
    const atom = this.atom();
    const [min, max] = this.count();
    if (min === 1 && max === 1) return atom;
    return this.bounded({
      make: (random) => {
        let made = '';
        for (let left = random.integer(min, max); left > 0; left--) made += atom.make(random);
        return made;
      },
      longest: atom.longest * max,
    });
  }

  private atom(): Part {
    const char = this.next();
    switch (char) {
      case '(': {
        if (this.take('?')) throw this.error('only plain groups are understood');
        const group = this.alternatives();
        if (!this.take(')')) throw this.error('a group is not closed');
        return group;
      }
      case '[': {
        const members = this.members();
        return { make: (random) => pick(random, members), longest: 1 };
      }
      case '\\':
        return literal(this.escaped());
      case '.':
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        throw this.error(`"${char}" is not understood here; write \\${char} for the character`);
      default:
        return literal(char);
    }
  }

  /** The characters of a class, after its `[`. */
  private members(): readonly string[] {
    if (this.take('^')) throw this.error('a class of all other characters is not understood');
    const members: string[] = [];
    for (;;) {
      if (this.take(']')) break;
      const from = this.member();
      const isRange = this.peek() === '-' && this.chars[this.at + 1] !== ']';
      if (!isRange) {
        members.push(from);
        continue;
      }
      this.at += 1;
      const [first, last] = [codePoint(from), codePoint(this.member())];
      if (last < first) throw this.error('the range of a class runs backwards');
      for (let code = first; code <= last; code++) members.push(String.fromCodePoint(code));
    }
    if (members.length === 0) throw this.error('a class is empty');
    return members;
  }

  private member(): string {
    const char = this.next();
    return char === '\\' ? this.escaped() : char;
  }

  /** The character after a backslash. Only punctuation is allowed: escaped letters and digits have other meanings. */
  private escaped(): string {
    const char = this.next();
    if (/[A-Za-z0-9]/.test(char)) throw this.error(`"\\${char}" is not understood`);
    return char;
  }

  private count(): readonly [min: number, max: number] {
    if (this.take('?')) return [0, 1];
    if (this.peek() === '*' || this.peek() === '+') throw this.error('a count needs an end: write {n,m}');
    if (!this.take('{')) return [1, 1];
    const end = this.chars.indexOf('}', this.at);
    const text = end === -1 ? '' : this.chars.slice(this.at, end).join('');
    const numbers = /^(\d{1,5})(?:,(\d{1,5}))?$/.exec(text);
    if (numbers === null) throw this.error('a count has to be {n} or {n,m}');
    const min = Number(numbers[1]);
    const max = Number(numbers[2] ?? numbers[1]);
    if (max < min) throw this.error('a count runs backwards');
    this.at = end + 1;
    return [min, max];
  }

  private bounded(part: Part): Part {
    if (part.longest > MAX_LENGTH)
      throw this.error(`strings would be up to ${part.longest} characters, ${MAX_LENGTH} at most`);
    return part;
  }

  private peek(): string | undefined {
    return this.chars[this.at];
  }

  private take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.at += 1;
    return true;
  }

  private next(): string {
    const char = this.peek();
    if (char === undefined) throw this.error('it ends too early');
    this.at += 1;
    return char;
  }

  private error(problem: string): TelltaleError {
    return new TelltaleError(
      'CONFIG',
      `${JSON.stringify(this.source)}: ${problem} (at character ${this.at}). ` +
        'Strings are made from characters, classes, groups, alternatives and the counts {n}, {n,m} and ?.',
    );
  }
}

function literal(char: string): Part {
  return { make: () => char, longest: 1 };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[random.integer(0, choices.length - 1)];
  if (choice === undefined) throw new TelltaleError('INTERNAL', 'a choice of nothing');
  return choice;
}

function codePoint(char: string): number {
  return char.codePointAt(0) ?? 0;
}
