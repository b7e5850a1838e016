import { setTimeout as wait } from 'node:timers/promises';

/** How long the end waits for calls that have begun: more than a sound disk or name server takes. */
const CALLS_MS = 1_000;

/**
 * Ends the process. At an exit Node joins its threads, so a call that hangs in one of them would hold the end up with it: a
 * read from a file server that is gone, a look-up of a name. SIGKILL then ends the process, and a shell reports 137.
 */
export async function endProcess(exitCode: number): Promise<never> {
  const begun = callsInThreads();
  const deadline = performance.now() + CALLS_MS;
  while (callsInThreads().some((call) => begun.includes(call))) {
    if (performance.now() > deadline) process.kill(process.pid, 'SIGKILL');
    await wait(5);
  }
  process.exit(exitCode);
}

/** Calls of the file system and of name look-ups that have not returned; others return by themselves. */
function callsInThreads(): readonly object[] {
  const list: unknown = Reflect.get(process, '_getActiveRequests');
  const requests: unknown = typeof list === 'function' ? Reflect.apply(list, process, []) : [];
  return Array.isArray(requests) ? requests.filter(isInThread) : [];
}

function isInThread(request: unknown): request is object {
  return typeof request === 'object' && request !== null && /^(FSReq|GetAddr|GetName)/.test(request.constructor.name);
}
