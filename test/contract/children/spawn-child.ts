import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Another process of Telltale's, that can be killed. It reports its progress line by line. */
export interface Child {
  /** Resolves with the next line that it writes. */
  line(): Promise<string>;
  /** @throws Error when it has ended by itself: the condition that a test waits for can no longer become true */
  checkRunning(): void;
  /** `kill -9`; resolves when it is dead. */
  kill(): Promise<void>;
}

const running = new Set<Child>();

/**
 * Starts `<name>.ts` of this folder. It ends when this process does: its standard input closes then (`parent-gone`).
 * A test that may fail before it kills its children calls {@link killChildren} afterwards.
 */
export function spawnChild(name: string, ...args: readonly string[]): Child {
  const script = [join(__dirname, 'register.cjs'), join(__dirname, `${name}.ts`)] as const;
  const spawned: ChildProcess = spawn(process.execPath, ['--require', ...script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(spawned, 'exit');
  if (spawned.stdout === null) throw new Error('the child has no output');
  const lines = createInterface(spawned.stdout)[Symbol.asyncIterator]();
  const child: Child = {
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${name} ended before its next line`);
      return next.value;
    },
    checkRunning: () => {
      const end = spawned.exitCode ?? spawned.signalCode;
      if (end !== null) throw new Error(`${name} ended with ${end}`);
    },
    kill: async () => {
      spawned.kill('SIGKILL');
      await exited;
      running.delete(child);
    },
  };
  running.add(child);
  return child;
}

/** Kills what tests have left running. */
export async function killChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.kill()));
}
