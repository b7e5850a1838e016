import { Char, charOf } from './chars';
import { readDate } from './date-words';
import { keepsWords, isHttpStatus } from './kept-values';
import { maskWord } from './mask-word';
import {
  closingIndex,
  isEmptyValue,
  isLetter,
  isUrlLike,
  isWordEnd,
  keyBefore,
  mayHaveUnit,
  thousandsEnd,
  unitEnd,
  urlEnd,
  valueEnd,
} from './text-parts';

/**
 * Text with its values masked in place, in one pass: `<str>` quoted text, `<n>` numbers, `<id>` ids, `<hex>`, `<time>` dates, times and
 * durations, `<size>`, `<host>` names and addresses of hosts, `<mac>`, `<email>`, `<url>`, `<path>`, `<user>`, and `<v>` the value of a
 * `key=value`. Words stay; so do HTTP status codes. A list of values is one mask, however long it is.
 * @param text without control characters and runs of white space
 */
export function maskText(text: string): string {
  return new Masker(text, 0).run();
}

/** Text in quotes is masked itself where its key says that it is a message, once. */
const maxDepth = 1;

class Masker {
  private out = '';
  /** The text before this index is in `out`. */
  private done = 0;
  /** The last mask, and where it ended in the text: an equal one after a separator adds nothing. */
  private last = '';
  private lastEnd = -1;
  /** Quotes that are not closed anywhere after the present index. */
  private unclosed = '';
  /** Where the last two words stand: words are cut out of the text only when they matter. */
  private wordStart = 0;
  private wordEnd = 0;
  private beforeStart = 0;
  private beforeEnd = 0;

  constructor(
    private readonly text: string,
    private readonly depth: number,
  ) {}

  run(): string {
    const { text } = this;
    let at = 0;
    while (at < text.length) {
      const char = charOf(text.charCodeAt(at));
      if (char === Char.BETWEEN) at = text.charAt(at) === '=' ? this.value(at) : at + 1;
      else if (char === Char.QUOTE) at = this.quoted(at);
      else at = this.oneWord(at, char);
    }
    return this.done === 0 ? text : withoutRepeats(this.out + text.slice(this.done));
  }

  /** Writes a mask for [from, to). */
  private put(from: number, to: number, mask: string): void {
    const isNext =
      this.lastEnd >= 0 && from - this.lastEnd <= 3 && mask === this.last && isListMark(this.text, this.lastEnd, from);
    if (!isNext) this.out += this.text.slice(this.done, from) + mask;
    this.done = to;
    this.last = mask;
    this.lastEnd = to;
  }

  private oneWord(start: number, first: number): number {
    const { text } = this;
    let chars = first;
    let at = start + 1;
    for (; at < text.length; at++) {
      const char = charOf(text.charCodeAt(at));
      if (char >= Char.BETWEEN && !this.isApostrophe(at)) break;
      chars |= char;
    }
    if ((chars & needsMask) === 0) return this.plainWord(start, at);
    if (chars === Char.DIGIT) return this.number(start, at);
    const end = (chars & Char.SLASH) !== 0 && isUrlLike(text, start, at) ? urlEnd(text, at) : at;
    const masked = maskWord(text.slice(start, end), chars);
    if (masked === null) return this.plainWord(start, end);
    if (masked === '<n>') return this.number(start, end);
    this.put(start, end, masked);
    return end;
  }

  /** A number, with its thousands and its unit where they follow. */
  private number(start: number, digitsEnd: number): number {
    const { text } = this;
    const end = digitsEnd - start <= 3 ? thousandsEnd(text, digitsEnd) : digitsEnd;
    if (end - start === 3 && isHttpStatus(text.slice(start, end), text.slice(this.wordStart, this.wordEnd))) return end;
    if (mayHaveUnit(text, end)) {
      const unit = unitEnd(text, end);
      if (unit !== null) {
        this.put(start, unit.end, unit.mask);
        return unit.end;
      }
    }
    this.put(start, end, '<n>');
    return end;
  }

  /** A word without anything to mask, unless it begins a date or is the name of a user. */
  private plainWord(start: number, end: number): number {
    const { text } = this;
    if (end - start === 3) {
      const dateEnd = readDate(text, start);
      if (dateEnd > 0) {
        this.put(start, dateEnd, '<time>');
        return dateEnd;
      }
    }
    if (this.followsUser() && !notNames.test(text.slice(start, end))) this.put(start, end, '<user>');
    this.beforeStart = this.wordStart;
    this.beforeEnd = this.wordEnd;
    this.wordStart = start;
    this.wordEnd = end;
    return end;
  }

  /** `session opened for user bob`, `Invalid user bob`. */
  private followsUser(): boolean {
    const { text, wordStart, wordEnd } = this;
    const length = wordEnd - wordStart;
    if (length < 4 || length > 8 || !userInitials.includes(text.charAt(wordStart))) return false;
    return (
      userWord.test(text.slice(wordStart, wordEnd)) && beforeUser.test(text.slice(this.beforeStart, this.beforeEnd))
    );
  }

  private isApostrophe(at: number): boolean {
    const { text } = this;
    return text.charAt(at) === "'" && isLetter(text.charCodeAt(at - 1)) && isLetter(text.charCodeAt(at + 1));
  }

  /** Text in quotes; a quote that is never closed, and an apostrophe after a word, are marks like others. */
  private quoted(open: number): number {
    const { text } = this;
    const quote = text.charAt(open);
    if (this.unclosed.includes(quote) || (quote !== '"' && isWordEnd(text, open))) return open + 1;
    const close = closingIndex(text, open, quote);
    if (close < 0) {
      this.unclosed += quote;
      return open + 1;
    }
    // The name of a JSON field says what its value is.
    if (
      quote === '"' &&
      /^\\?"? ?:/.test(text.slice(close + 1, close + 4)) &&
      fieldName.test(text.slice(open + 1, close))
    )
      return close + 1;
    const mask = quote + this.insideQuotes(text.slice(open + 1, close)) + text.charAt(close);
    this.put(open, close + 1, mask);
    return close + 1;
  }

  private insideQuotes(inside: string): string {
    const request = httpRequest.exec(inside);
    return request === null ? '<str>' : `${request[1] ?? ''} <path>${request[2] ?? ''}`;
  }

  /** The value behind `=`: nothing, a word, or something in brackets. */
  private value(equals: number): number {
    const { text } = this;
    const from = equals + 1;
    if (!isWordEnd(text, equals)) return from;
    const key = keyBefore(text, equals);
    const next = text.charAt(from);
    if (next === '"' || next === "'") return this.quotedValue(from, key);
    if (isEmptyValue(text, from)) {
      this.put(from, from, '<v>');
      return from;
    }
    const to = valueEnd(text, from);
    if (to === from || keepsWords(key)) return from;
    this.put(from, to, '<v>');
    return to;
  }

  private quotedValue(open: number, key: string): number {
    const { text } = this;
    const quote = text.charAt(open);
    const close = this.unclosed.includes(quote) ? -1 : closingIndex(text, open, quote);
    if (close < 0) return open;
    if (!keepsWords(key)) this.put(open, close + 1, '<v>');
    else if (this.depth < maxDepth)
      this.put(open, close + 1, quote + new Masker(text.slice(open + 1, close), this.depth + 1).run() + quote);
    return close + 1;
  }
}

/** The name of an address beside it, and a size in another unit, add nothing; either may be missing. */
function withoutRepeats(masked: string): string {
  return masked.includes('> (') ? masked.replace(/<(host|size)> \((?:<\1>)?\)/g, '<$1>') : masked;
}

/** True for the marks between two values of a list: a comma, semicolon, bar or space, and a space around it. */
function isListMark(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (!',;| '.includes(text.charAt(at))) return false;
  }
  return true;
}

const fieldName = /^[A-Za-z_@][\w.@-]{0,40}\\?$/;

const httpRequest = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) \S+( HTTP\/\d(?:\.\d)?)?$/;

const needsMask = Char.DIGIT | Char.DOT | Char.COLON | Char.SLASH | Char.AT;

const userInitials = 'uUlLaA';

const userWord = /^(?:user|username|login|account)$/i;

const beforeUser = /^(?:for|invalid|illegal|by|from|of|unknown)$/i;

/** Words that follow `for user` without being names. */
const notNames =
  /^(?:is|was|has|had|not|and|or|with|from|by|to|in|on|at|for|failed|unknown|does|did|could|cannot|can|will|logged|timed|name|names|id|account|accounts|session|data|input|request|service|agent|management|table)$/i;
