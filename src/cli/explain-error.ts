import { inspect } from 'node:util';
import { unexpectedFault } from '../errno';
import { isTelltaleError } from '../errors';
import { escapeControls } from '../escape-controls';

/** Text for standard error about an error that ends the process, and the exit code. */
export interface Explanation {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/**
 * @param verbose adds stack traces and causes
 */
export function explainError(error: unknown, verbose: boolean): Explanation {
  const { sentences, exitCode } = inWords(error);
  const details = verbose ? inspect(error).split('\n') : [];
  return {
    lines: [...sentences.map((sentence) => `telltale: ${continued(sentence)}`), ...details].map(escapeControls),
    exitCode,
  };
}

/** A sentence follows `telltale: `, so it begins with a small letter, except for a name such as Kafka. */
function continued(sentence: string): string {
  return sentence.replace(/^(?:An?|Another|Cannot|It|No|The|This)\b/, (word) => word.toLowerCase());
}

function inWords(error: unknown): { sentences: readonly string[]; exitCode: number } {
  if (isTelltaleError(error)) return { sentences: error.message.split('\n'), exitCode: error.exitCode };
  const fault = unexpectedFault(error);
  if (fault !== null) return { sentences: [fault], exitCode: 1 };
  const message = error instanceof Error ? error.message : String(error);
  return { sentences: [`unexpected error: ${message}; run again with --verbose for the details`], exitCode: 1 };
}
