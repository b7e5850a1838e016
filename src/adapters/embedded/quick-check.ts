import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import Database from 'libsql';

import { errnoOf } from '../../errno';
import { TelltaleError } from '../../errors';
import { isListOf, isString, parseJson } from '../../stream/shape';
import { isDamage, textField } from './sqlite-database';

/** Names at most three faults. */
const CHECK = 'PRAGMA quick_check(3)';

/** Run by `node --eval`: prints SQLite's answers, or the code of damage, as JSON. Its arguments: the driver, the file. */
const PROGRAM = `
  const [driver, path] = process.argv.slice(1);
  const answers = [];
  try {
    const database = new (require(driver))(path, { timeout: 60000 });
    for (const row of database.prepare('${CHECK}').all()) answers.push(row.quick_check);
  } catch (error) {
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code))) throw error;
    answers.push(error.code);
  }
  process.stdout.write(JSON.stringify(answers));`;

const isAnswers = isListOf(isString);

/**
 * Checks the structure of the database of an event log, without the checksums of its record batches, which every read
 * verifies. It reads the whole file, and this process waits meanwhile: for small files.
 * @returns the damage, one sentence each; none when there is no damage
 * @throws EVENT_LOG when the file cannot be checked
 */
export function quickCheckNow(path: string): readonly string[] {
  let database: Database.Database | null = null;
  try {
    database = new Database(path);
    const rows: unknown[] = database.prepare(CHECK).all();
    return damageIn(rows.map((row) => textField(row, 'quick_check')));
  } catch (error) {
    if (isDamage(error)) return [errnoOf(error)];
    throw notChecked(path, error);
  } finally {
    database?.close();
  }
}

/**
 * The same in a process of its own, so that no call of this one waits.
 * @param stop ends the check; then its result is that nothing was found
 */
export async function quickCheck(path: string, stop: AbortSignal): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--eval', PROGRAM, require.resolve('libsql'), path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  if (stop.aborted) end();
  stop.addEventListener('abort', end, { once: true });
  try {
    const [out, fault] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const answers = parseJson(Buffer.from(out), isAnswers);
    if (answers !== null) return damageIn(answers);
    if (child.signalCode === 'SIGKILL' && stop.aborted) return [];
    throw new Error(fault.trim().slice(-500) || `it ended with ${child.signalCode ?? child.exitCode ?? 'an error'}`);
  } catch (cause) {
    throw notChecked(path, cause);
  } finally {
    stop.removeEventListener('abort', end);
  }
}

function damageIn(answers: readonly string[]): string[] {
  return answers.filter((answer) => answer !== 'ok').map((answer) => answer.replaceAll('\n', ' '));
}

function notChecked(path: string, cause: unknown): TelltaleError {
  const message = `Cannot check the structure of ${path} (${errnoOf(cause)}): the next start tries it again.`;
  return new TelltaleError('EVENT_LOG', message, { cause });
}
