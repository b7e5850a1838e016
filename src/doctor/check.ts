import { fail, unknown, type Finding } from './finding';

/** A question, and the sentences of its answers. */
export interface Check {
  /** Names it while it has no answer. */
  readonly name: string;
  /** @param signal aborts when its time is over */
  readonly run: (signal: AbortSignal) => Promise<readonly Finding[]>;
}

/** An answer that takes longer is not waited for. */
export const CHECK_MS = 5_000;

interface Row {
  /** Names of errors of the AWS SDK, errno codes, or codes of Telltale. */
  readonly names: RegExp;
  readonly finding: (check: string, message: string) => Finding;
}

const noRights = 'Give the user of the doctor the policy of output DoctorPolicy: docs/deploy.md.';

/** The finding for each error; the first row that matches. */
const rows: readonly Row[] = [
  {
    names: /^CredentialsProviderError|^Region is missing|^MissingAuthenticationToken/,
    finding: (check) =>
      fail(
        check,
        'the AWS SDK finds no credentials or no region',
        'Give this machine a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID, and AWS_REGION.',
      ),
  },
  {
    names: /^InvalidClientTokenId|^UnrecognizedClient|^SignatureDoesNotMatch|^ExpiredToken|^InvalidAccessKeyId/,
    finding: (check, message) => fail(check, message, 'Renew the credentials of this machine.'),
  },
  {
    names: /^RequestExpired|^RequestTimeTooSkewed|^InvalidSignatureException/,
    finding: (check, message) => fail(check, message, 'Set the clock of this machine: timedatectl.'),
  },
  {
    names: /^NotFound$|^NoSuchBucket|^QueueDoesNotExist|NonExistentQueue/,
    finding: (check, message) => fail(check, `it does not exist (${message})`, 'Correct its name and the region.'),
  },
  {
    names: /^PermanentRedirect|^AuthorizationHeaderMalformed|^301$/,
    finding: (check, message) => fail(check, `it is in another region (${message})`, 'Set AWS_REGION to its region.'),
  },
  {
    names: /AccessDenied|^Forbidden|^403$|NotAuthorized|^EVENT_LOG_DENIED/,
    finding: (check, message) => unknown(check, `these credentials may not ask (${message})`, noRights),
  },
  {
    names: /^CONFIG$|^EVENT_LOG/,
    finding: (check, message) => fail(check, message, 'Correct the configuration, or start what it names.'),
  },
];

/**
 * Runs a check.
 * @param timeOver resolves when its time is over
 * @returns its findings; `unknown` when its time is over first, or when it failed for a reason that proves nothing
 */
export async function runCheck({ name, run }: Check, timeOver: Promise<void>): Promise<readonly Finding[]> {
  const abort = new AbortController();
  const late = timeOver.then((): readonly Finding[] => {
    const advice = 'Try again; then see whether this machine reaches it (network, proxy, security group).';
    return [unknown(name, `no answer within ${CHECK_MS / 1000} s`, advice)];
  });
  const answer = run(abort.signal).catch((error: unknown): readonly Finding[] => [findingOf(name, error)]);
  try {
    return await Promise.race([answer, late]);
  } finally {
    abort.abort();
  }
}

function findingOf(check: string, error: unknown): Finding {
  const { name, message: text } = error instanceof Error ? error : new Error(String(error));
  // The SDK adds lines for programmers.
  const [message = ''] = text.split('\n');
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const status = error instanceof Error && '$metadata' in error ? statusOf(error.$metadata) : '';
  const names = [code, name, status, message].filter((each) => each !== '');
  const row = rows.find((each) => names.some((text) => each.names.test(text)));
  const says = message === '' || message === 'UnknownError' ? `${name} ${status}`.trim() : message;
  if (row !== undefined) return row.finding(check, says.replace(/[.]$/, ''));
  return unknown(check, says.replace(/[.]$/, ''), 'See whether this machine reaches it, and try again.');
}

function statusOf(metadata: unknown): string {
  const isObject = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata;
  return isObject ? String(metadata.httpStatusCode) : '';
}
