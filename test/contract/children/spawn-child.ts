import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Another process of Telltale's, that can be killed. It says what it has done one line at a time. */
export interface Child {
  /** Resolves with the next line that it writes. */
  line(): Promise<string>;
  /** `kill -9`; resolves when it is dead. */
  kill(): Promise<void>;
}

/** Starts `<name>.ts` of this folder. */
export function spawnChild(name: string, ...args: readonly string[]): Child {
  const script = [join(__dirname, 'register.cjs'), join(__dirname, `${name}.ts`)] as const;
  const child: ChildProcess = spawn(process.execPath, ['--require', ...script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  if (child.stdout === null) throw new Error('the child has no output');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${name} ended before its next line`);
      return next.value;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
