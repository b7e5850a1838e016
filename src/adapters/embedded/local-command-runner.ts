import { randomUUID } from 'node:crypto';
import { RE2JS } from 're2js';
import { z } from 'zod';

import { TelltaleError } from '../../errors';
import type { CommandRunner } from '../../ports/command-runner';
import { errnoOf } from '../../errno';

export interface LocalCommandRunnerOptions {
  /** `conf/ssm-document.json`, parsed. */
  readonly document: unknown;
  /** Does what the document's script does on a host: hands the payload to the running producer. */
  readonly deliver: (payload: string) => Promise<void>;
}

/** A command document as SSM accepts it (schema 2.2), restricted to what Telltale's document needs. */
const commandDocument = z.strictObject({
  schemaVersion: z.literal('2.2'),
  description: z.string().optional(),
  parameters: z.strictObject({
    payload: z.strictObject({
      type: z.literal('String'),
      description: z.string().optional(),
      // The agent searches the pattern anywhere in the value: only anchors make it match the whole.
      allowedPattern: z
        .string()
        .regex(/^\^.*\$$/, 'must begin with ^ and end with $')
        .superRefine((pattern, context) => {
          const problem = patternProblem(pattern);
          if (problem !== null)
            context.addIssue({ code: 'custom', message: `the agent cannot compile it: ${problem}` });
        }),
      maxChars: z.int().min(1),
      interpolationType: z.literal('ENV_VAR'),
    }),
  }),
  mainSteps: z
    .array(
      z.strictObject({
        action: z.literal('aws:runShellScript'),
        name: z.string().regex(/^[A-Za-z0-9_]+$/),
        precondition: z
          .strictObject({ StringEquals: z.tuple([z.literal('platformType'), z.literal('Linux')]) })
          .optional(),
        inputs: z.strictObject({
          // `{{payload}}` would paste the parameter into the script.
          runCommand: z.array(z.string().refine((line) => !line.includes('{{'), 'must not paste parameters')).min(1),
          timeoutSeconds: z.string().regex(/^[1-9]\d{0,4}$/),
        }),
      }),
    )
    .min(1),
});

/**
 * Replaces SSM on one machine: applies the same document as strictly, then hands over the payload. It does not run the
 * document's commands.
 * @throws COMMAND_REFUSED when SSM, or Telltale's rules for the document, would refuse it
 */
export function createLocalCommandRunner({ document, deliver }: LocalCommandRunnerOptions): CommandRunner {
  const parsed = commandDocument.safeParse(document);
  if (!parsed.success) {
    const message = `The SSM document is not one that SSM would run safely: ${z.prettifyError(parsed.error)}`;
    throw new TelltaleError('COMMAND_REFUSED', message, { cause: parsed.error });
  }
  const { allowedPattern, maxChars } = parsed.data.parameters.payload;
  const allowed = RE2JS.compile(allowedPattern);
  const timeLimitMs = Math.min(...parsed.data.mainSteps.map(({ inputs }) => Number(inputs.timeoutSeconds) * 1000));
  return {
    send: async (payload) => {
      if (payload.length > maxChars || !allowed.matcher(payload).find()) {
        const message = `The command's payload has to match ${allowedPattern}, in ${maxChars} characters: send a signal as base64url text.`;
        throw new TelltaleError('COMMAND_REFUSED', message);
      }
      try {
        await within(timeLimitMs, deliver(payload));
      } catch (cause) {
        const message = `The signal was not delivered (${errnoOf(cause)}): the next listing of the bucket finds the object.`;
        throw new TelltaleError('COMMAND_FAILED', message, { cause });
      }
      return randomUUID();
    },
  };
}

/** Null for a pattern that RE2 compiles, the engine of the agent (Go's `regexp`); it repeats nothing more than 1,000 times. */
function patternProblem(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** As the agent ends a step after its time. */
async function within(timeLimitMs: number, delivered: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${timeLimitMs / 1000} s`)), timeLimitMs);
  });
  try {
    await Promise.race([delivered, over]);
  } finally {
    clearTimeout(timer);
  }
}
