/** Keys whose value says what happened, so that its words stay. */
const telling = new Set(
  'action cause code component detail details err error event exception func function job kind level message method module msg op operation outcome phase queue reason result service stage state status statuscode task topic type'.split(
    ' ',
  ),
);

/** True for the key of a `key=value` whose words stay, with any path before it (`error.type`, `http_status`). */
export function keepsWords(key: string): boolean {
  return telling.has(key) || telling.has(key.slice(Math.max(key.lastIndexOf('.'), key.lastIndexOf('_')) + 1));
}

/** The status codes in use: https://www.iana.org/assignments/http-status-codes. */
const statuses = new Set(
  '200 201 202 204 206 301 302 303 304 307 308 400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 421 422 423 424 425 426 428 429 431 451 499 500 501 502 503 504 505 507 508 511'.split(
    ' ',
  ),
);

/** True for a status code after a word that announces one: it tells errors apart, and there are few. @param before the word before it */
export function isHttpStatus(number: string, before: string): boolean {
  return (
    statuses.has(number) &&
    /^(?:http|status|statuscode|code|answered|returned|responded|response|answer|with|got|failed|http\/[123](?:\.\d)?):?$/i.test(
      before,
    )
  );
}
