import { Char, charOf } from './chars';
import { isHostName } from './host-name';

/**
 * A word with each part masked that differs between occurrences: the whole of it (`<url>`, `<path>`, `<host>` …), or its
 * numbers and ids in place (`exec-<n>`, `cart-<id>`). Sentence marks at its end stay.
 * @param chars the bits of its characters
 * @returns null when nothing is masked
 */
export function maskWord(word: string, chars: number): string | null {
  let end = word.length;
  while (end > 1 && isSentenceMark(word.charCodeAt(end - 1))) end--;
  const body = end === word.length ? word : word.slice(0, end);
  const masked = wholeMask(body, chars) ?? maskParts(body, chars);
  if (masked === body) return null;
  return end === word.length ? masked : masked + word.slice(end);
}

const [dot, colon, bang, question] = Array.from('.:!?', (mark) => mark.charCodeAt(0));

function isSentenceMark(code: number): boolean {
  return code === dot || code === colon || code === bang || code === question;
}

/** Each pattern is anchored and has no two ways to match the same text, so it takes linear time. */
function wholeMask(body: string, chars: number): string | null {
  if ((chars & (Char.SLASH | Char.AT)) !== 0) {
    const named = namedMask(body, chars);
    if (named !== null) return named;
  }
  if ((chars & Char.COLON) !== 0) {
    if (time.test(body)) return '<time>';
    if (mac.test(body)) return '<mac>';
    if (ipv6.test(body)) return '<host>';
  }
  if ((chars & Char.DOT) !== 0) {
    if ((chars & Char.DIGIT) !== 0 && ipv4.test(body)) return '<host>';
    if ((chars & Char.LOWER) !== 0 && isHostName(body)) return '<host>';
  }
  if ((chars & Char.DIGIT) === 0) return null;
  if ((chars & Char.JOINER) !== 0 && date.test(body)) return '<time>';
  if ((chars & (Char.LOWER | Char.UPPER)) === 0) return null;
  if (body.length >= 20) return isLongId(body) ? '<id>' : null;
  const first = charOf(body.charCodeAt(0));
  if (first !== Char.DIGIT) return first === Char.UPPER && duration.test(body) ? '<time>' : null;
  if (hex.test(body)) return '<hex>';
  if (duration.test(body)) return '<time>';
  return size.test(body) ? '<size>' : null;
}

function namedMask(body: string, chars: number): string | null {
  if (url.test(body)) return '<url>';
  if ((chars & Char.AT) !== 0) {
    if (email.test(body)) return '<email>';
    const identity = javaIdentity.exec(body);
    if (identity !== null) return `${identity[1] ?? ''}@<hex>`;
  }
  if ((chars & Char.SLASH) === 0) return null;
  if (slashedHost.test(body)) return '<host>';
  if (slashedDate.test(body)) return '<time>';
  return path.test(body) || relativePath.test(body) ? '<path>' : null;
}

const url = /^[a-z][a-z0-9+.:-]{1,30}:\/\//i;
const email = /^[\w.+-]{1,64}@[\w-]+\.[\w.-]+$/;
/** `Object.toString` of Java: `com.acme.Cache@6d06d69c`. */
const javaIdentity = /^([\w.$/-]+)@(?=[a-f]*\d|[a-f]{7})[0-9a-f]{1,16}$/;
const time = /^(?:\d{4}-\d\d-\d\d[T_])?\d\d?:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;
const mac = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const ipv6 = /^(?=[^:]*:[^:]*:)[0-9a-f:]{3,39}(?:(?<=:)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})?(?:%\w+)?$/i;
const ipv4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?$/;
/** `/10.0.0.1:80`, `web-1/10.0.0.1:80`, `10.0.0.0/8`. */
const slashedHost = /^(?:[\w.-]*\/)?\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:[:/]\d{1,5})?$/;
const slashedDate = /^(?:\d{4}\/\d\d?\/\d\d?|\d\d?\/\d\d?\/\d{2,4}|\d\d?\/[A-Z][a-z]{2}\/\d{4}(?::[\d:]+)?)$/;
const path = /^(?:[~.]{0,2}\/|[A-Za-z]:[\\/]|\\\\)[^\s"<>|]+$/;
const relativePath = /^[\w.~%+@-]+\/[\w.~%+@-]*\/[\w.~%+@:$?&/-]*$/;
const date = /^(?:\d{4}-\d\d-\d\d|\d\d-[A-Z][a-z]{2}-\d{2,4})$/;
/** `12ms`, `1h2m3.5s`, `PT1M30S`. */
const duration =
  /^(?:(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|sec|m|min|h|hrs?|d))+|P(?=[\dT])(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?)$/;
const size = /^\d+(?:\.\d+)?(?:[kKMGTP]i?[bB]|B)$/;
const hex = /^0x[0-9a-f]+$/i;
/** 20 characters of any alphabet of identifiers: ULID, base62, base64, JWT. */
const base64 = /^[\w+/=.-]+$/;

/** Not a UUID with a name before it, nor a hexadecimal number: those are masked in place. */
function isLongId(body: string): boolean {
  return base64.test(body) && !hexDigits.test(body) && body.search(uuid) < 0 && isMixed(body);
}

/** The parts of a word between its marks, each masked by itself. */
function maskParts(body: string, chars: number): string {
  if ((chars & Char.DIGIT) === 0) return body;
  const text = body.length < 36 ? body : body.replace(uuid, '<id>');
  if ((chars & Char.JOINER) !== 0 && (chars & Char.LOWER) !== 0) {
    const instance = pod.exec(text);
    if (instance !== null) return `${maskRuns(instance[1] ?? '')}-<id>`;
  }
  return maskRuns(text);
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/**
 * A pod of a Kubernetes deployment (`cart-66b6c48dd5-7ktbz`) or of a daemon set (`agent-7ktbz`). Generated names have no
 * vowels and no 0, 1, 3: `SafeEncodeString` in k8s.io/apimachinery/pkg/util/rand.
 */
const pod =
  /^(.*?[a-z0-9])(?:-(?=[b-z]*\d)[bcdfghjklmnpqrstvwxz2-9]{6,10})?-(?=\d*[b-z])(?=[b-z]*\d)[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/** Masks runs of letters and digits: numbers with the sign before them, hexadecimal numbers, and ids. */
function maskRuns(body: string): string {
  let out = '';
  let done = 0;
  for (let at = 0; at < body.length;) {
    const start = at;
    let chars = 0;
    for (; at < body.length; at++) {
      const char = charOf(body.charCodeAt(at));
      if ((char & alphanumeric) === 0) break;
      chars |= char;
    }
    if (at === start) {
      at++;
      continue;
    }
    if ((chars & Char.DIGIT) === 0 || isMask(body, start, at)) continue;
    if (chars === Char.DIGIT) at = numberEnd(body, at);
    const run = body.slice(start, at);
    out += body.slice(done, chars === Char.DIGIT ? signStart(body, start) : start) + maskRun(run, chars);
    done = at;
  }
  return out + body.slice(done);
}

const alphanumeric = Char.LOWER | Char.UPPER | Char.DIGIT;

function isMask(body: string, start: number, end: number): boolean {
  return body.charAt(start - 1) === '<' && body.charAt(end) === '>';
}

function maskRun(run: string, chars: number): string {
  if (chars === Char.DIGIT || hexDigits.test(run)) return '<n>';
  if (run.length >= 8 && isMixed(run)) return '<id>';
  return run.replace(/\d+/g, '<n>');
}

/** All digits by chance, such a number would be `<n>` too. */
const hexDigits = /^(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}$/i;

/** Behind `1`, `.5` and `,000` and `:30` belong to the number. */
function numberEnd(body: string, at: number): number {
  let end = at;
  while (isDigit(body, end + 1) && /[.,:]/.test(body.charAt(end))) {
    end++;
    while (isDigit(body, end)) end++;
  }
  return end;
}

function signStart(body: string, start: number): number {
  const hasSign = body.charAt(start - 1) === '-' && !/[A-Za-z\d>]/.test(body.charAt(start - 2));
  return hasSign ? start - 1 : start;
}

function isDigit(body: string, at: number): boolean {
  return at < body.length && charOf(body.charCodeAt(at)) === Char.DIGIT;
}

/** Changes between letters and digits at least four times, as `a8Fk2Lq9Zx` does, but not `x86` or `utf8mb4`. */
function isMixed(body: string): boolean {
  if (body.length >= 20 && /[a-z]/.test(body) && /[A-Z]/.test(body) && /\d/.test(body))
    return !/[A-Za-z]{10}/.test(body);
  return (
    (body.match(/\d+/g) ?? []).length >= 3 &&
    !/[A-Za-z]{4}/.test(body.length >= 20 ? body.replace(/[A-Z]+/g, 'A') : body)
  );
}
