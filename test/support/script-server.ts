import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server of one of the project's own scripts. */
export interface ScriptServer {
  /** The variables that it printed as `export NAME=value`. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Starts `scripts/<script>`.
 * @param ready begins the line that it prints when it is ready
 */
export async function runScript(script: string, args: readonly string[], ready: string): Promise<ScriptServer> {
  const running = spawn(join(__dirname, '../../scripts', script), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(running, 'exit');
  const kill = (): void => void running.kill('SIGTERM');
  process.once('exit', kill);
  const said: string[] = [];
  running.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()));
  const environment: Record<string, string> = {};
  for await (const line of createInterface(running.stdout)) {
    said.push(line);
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) environment[name] = value;
    if (!line.startsWith(ready)) continue;
    running.stdout.resume();
    return {
      environment,
      stop: async () => {
        process.off('exit', kill);
        kill();
        await ended;
      },
    };
  }
  throw new Error(`${script} did not start: ${said.join('\n')}`);
}
