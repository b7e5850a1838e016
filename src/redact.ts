/** Removes secrets from log lines before they are mailed or shown. It removes too much rather than too little. */

const mark = '[redacted]';

/** The value after `key=` or `key:`: quoted, or up to the next separator. */
const value = String.raw`(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,;&"'<>(){}\[\]]+)`;

const secretName = String.raw`(?:passw(?:or)?d|passphrase|pwd|secret|token|signature|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)(?:[_-]?(?:key|id|value|hash))?`;

const scheme = '(?:basic|bearer|digest|negotiate|token|apikey)';

/** Longest matches first. Keeps `$1`. */
const rules: readonly RegExp[] = [
  // A private key block, with or without its end.
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:(?=-----END )|$)/g,
  // Authorization: Basic dXNlcjpwYXNz
  new RegExp(String.raw`(authorization["']?\s*[:=]\s*["']?(?:${scheme}\s+)?)[^\s"',;]+`, 'gi'),
  // Bearer and basic tokens without their header; a digit or a capital tells them from prose (`basic authentication`).
  /(\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+)(?=\S*[0-9A-Z=])[\w+/.~-]{6,}=*/g,
  // A JSON web token, complete or cut.
  /()\beyJ[\w-]{10,}(?:\.[\w-]*){0,2}/g,
  // password=…, "accessToken": "…", aws_secret_access_key = …
  new RegExp(String.raw`(${secretName}["']?\s*(?:=>|[:=])\s*)${value}`, 'gi'),
  // https://user:password@host
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s/@]+(?=@)/gi,
  // AWS access key ids (prefixes: IAM user guide, "Understanding unique ID prefixes").
  /()\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b/g,
  // Tokens of GitHub, Slack, Stripe and Google: their prefix names the issuer.
  /()\b(?:gh[pousr]_|github_pat_|xox[abeprs]-|[sr]k_live_|AIza)[\w-]{10,}/g,
];

/** Replaces keys, tokens, passwords and card numbers by `[redacted]`. */
export function redact(text: string): string {
  const named = rules.reduce((left, rule) => left.replace(rule, `$1${mark}`), text);
  return withoutCards(named);
}

/** 13 to 19 digits in the groups that cards are printed in, apart or together. */
const cardShape =
  /(?<!\d)(?:\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?:[ -]?\d{3})?|\d{4}[ -]?\d{6}[ -]?\d{4,5}|\d{13})(?!\d)/g;

/** Visa, Mastercard, American Express, Diners, Discover, JCB and UnionPay (ISO/IEC 7812 issuer ranges). */
const issuer = /^(?:4|5[1-5]|2[2-7]|3[47]|30[0-5]|3[689]|35|6011|6[245])/;

function withoutCards(text: string): string {
  let left = '';
  let from = 0;
  cardShape.lastIndex = 0;
  for (let match = cardShape.exec(text); match !== null; match = cardShape.exec(text)) {
    const digits = match[0].replace(/\D/g, '');
    if (issuer.test(digits) && passesLuhn(digits)) {
      left += text.slice(from, match.index) + mark;
      from = cardShape.lastIndex;
    } else {
      // `2027 4111 1111 1111 1111`: a card number may start inside other digits.
      cardShape.lastIndex = match.index + 1;
    }
  }
  return left + text.slice(from);
}

/** The check digit of ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
