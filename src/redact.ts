/** Removes secrets from log lines before they are mailed or shown. It removes too much rather than too little. */

const mark = '[redacted]';

/** A quote, also one inside JSON inside JSON. */
const quote = String.raw`(?:\\*["'])`;

/** The value after `key=` or `key:`: quoted, with or without escapes before the quotes, or up to the next separator. */
const value = String.raw`(?:\\+["'][^"'\\]*(?:\\+["'])?|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,;&"'<>(){}\[\]]+)`;

const secretName = String.raw`(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|signature|credentials?|j?session[_-]?id|phpsessid|connect\.sid|(?:api|access|account|private|secret|signing|encryption|shared[_-]?access)[_-]?key)(?:[_-]?(?:key|id|value|hash))?`;

/** Names that are words of their own, too: \`3 pass: ok\`. */
const shortName = String.raw`(?<![A-Za-z])(?:pass|sig)`;

/** Two words after a colon are a sentence: `invalid token: unexpected end`. A shell's `pwd` is a folder. */
const notProse = String.raw`(?!(?<=:\s{1,5})[a-z]{2,20}\s+[a-z]{2,20}(?![\w]*\s?[:=])(?=[\s.,;!]|$))(?!(?<=pwd=)(?:[/~]|[A-Za-z]:\\))`;

const scheme = '(?:basic|bearer|digest|negotiate|token|apikey)';

/** Longest matches first. Keeps `$1`. */
const rules: readonly RegExp[] = [
  // A private key block, with or without its end.
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:(?=-----END )|$)/g,
  // Authorization: Basic dXNlcjpwYXNz
  new RegExp(String.raw`(authorization${quote}?\s*[:=]\s*${quote}?(?:${scheme}\s+)?)[^\s"',;\\]+`, 'gi'),
  // Bearer and basic tokens without their header; a digit or a capital tells them from prose (`basic authentication`).
  /(\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+)(?=\S*[0-9A-Z=])[\w+/.~-]{6,}=*/g,
  // Cookie: a=b; c=d, and Set-Cookie: a=b; Path=/
  new RegExp(
    String.raw`(\b(?:set-)?cookies?${quote}?\s*[:=]\s*${quote}?)[\w!#$%&*.^|~+-]{1,100}=[^\s;,"'\\]*(?:;\s*[\w.-]{1,100}(?:=[^\s;,"'\\]*)?)*`,
    'gi',
  ),
  // A JSON web token, complete or cut.
  /()\beyJ[\w-]{10,}(?:\.[\w-]*){0,2}/g,
  // <password>…</password>
  new RegExp(String.raw`(<[\w:.-]{0,40}${secretName}[\w.-]{0,40}>)[^<]+`, 'gi'),
  // password=…, "accessToken": "…", aws_secret_access_key = …
  new RegExp(String.raw`(${secretName}${quote}?\s*(?:=>|[:=])\s*)${notProse}${value}`, 'gi'),
  new RegExp(String.raw`(${shortName}(?:=|${quote}\s*:\s*))${value}`, 'gi'),
  // --password x, --token=x
  new RegExp(String.raw`(--?[\w-]{0,40}(?:${secretName}|pass)\s+)(?!-)${value}`, 'gi'),
  // curl -u user:password
  /(\s(?:-u|--user|--proxy-user)[ =]\s*["']?[^\s:"']{1,100}:)[^\s"']+/g,
  // mysql -pSECRET, sshpass -p SECRET
  /(\b(?:mysql\w*|mariadb\w*)\b[^|;]{0,200}?\s-p)\S+/g,
  /(\bsshpass\s+-p\s*)\S+/g,
  // https://user:password@host; the password may have an @ itself.
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s/"'<>]+(?=@)/gi,
  // AWS access key ids (prefixes: IAM user guide, "Understanding unique ID prefixes").
  /()\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b/g,
  // Tokens whose prefix names the issuer, as they publish it: GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, Docker Hub, Hugging
  // Face, DigitalOcean, Shopify, Vault, Databricks.
  /()\b(?:gh[pousr]_|github_pat_|gl(?:pat|rt|dt|cbt|ptt|ft|soat|imt|agent)-|xox[abeprs]-|xapp-|[sr]k_(?:live|test)_|whsec_|AIza|ya29\.|GOCSPX-|npm_|pypi-|dckr_pat_|hf_|do[opr]_v1_|shp(?:at|ca|pa|ss)_|hv[sbr]\.|dapi)(?=[\w-]*\d)[\w-]{10,}/g,
  // OpenAI and Anthropic.
  /()\bsk-(?:ant-|proj-|svcacct-|admin-)?(?=[\w-]*\d)[\w-]{12,}/g,
  // SendGrid.
  /()\bSG\.[\w-]{10,}\.[\w-]{10,}/g,
  // Incoming webhooks of Slack: their URL alone allows to write.
  /(hooks\.slack\.com\/(?:services|workflows)\/)[\w/-]+/g,
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
