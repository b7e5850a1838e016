import { setTimeout as sleep } from 'node:timers/promises';
import { checksOf } from '../apps/doctor';
import type { Config } from '../config';
import { CHECK_MS, runCheck } from '../doctor/check';
import { exitCodeOf, type Finding, type State } from '../doctor/finding';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';

const widths: Readonly<Record<State, string>> = { ok: 'ok     ', warn: 'WARN   ', fail: 'FAIL   ', unknown: 'UNKNOWN' };

/**
 * `telltale doctor`: checks what a deployment needs, and says what to do. It changes nothing.
 * @returns the exit code: 1 when a check failed, or found nothing out
 */
export async function runDoctor(
  config: Config,
  { json }: { readonly json: boolean },
  { out }: Pick<Io, 'out'>,
): Promise<number> {
  // The SDK warns about Node 20 at every start. Telltale supports Node 20 on purpose.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const done = new AbortController();
  const timeOver = sleep(CHECK_MS, undefined, { signal: done.signal }).catch(() => undefined);
  const findings: Finding[] = [];
  const running = checksOf(config).map((check) => runCheck(check, timeOver));
  for (const answers of running) {
    for (const finding of await answers) {
      findings.push(finding);
      out.write(json ? `${JSON.stringify({ type: 'finding', ...finding })}\n` : linesOf(finding));
    }
  }
  done.abort();
  if (!json) out.write(summaryOf(findings));
  return exitCodeOf(findings);
}

function linesOf({ check, state, says, advice }: Finding): string {
  const lines = [`${widths[state]}  ${check}: ${says}`, ...(advice === null ? [] : [`         ${advice}`])];
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (state: State): number => findings.filter((finding) => finding.state === state).length;
  return `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failed, ${count('unknown')} unknown\n`;
}
