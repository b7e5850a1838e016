import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One committed record, as a reader that is not ours prints it. */
export interface KcatRecord {
  readonly key: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly value: string;
}

/**
 * Reads a topic to its end with kcat (Debian's package `kcat`), read committed, partition after partition in order.
 * Values must be lines of UTF-8 text without tabs in their keys, as generators write them.
 */
export async function* readWithKcat(brokers: string, topic: string, partition: number): AsyncGenerator<KcatRecord> {
  const child = spawn(
    'kcat',
    ['-C', '-b', brokers, '-t', topic, '-p', String(partition), '-o', 'beginning', '-e', '-q'].concat([
      '-X',
      'isolation.level=read_committed',
      '-f',
      '%k\\t%h\\t%s\\n',
    ]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout, crlfDelay: 0 })) {
    const [key = '', headers = '', ...value] = line.split('\t');
    yield { key, headers: new Map(headers.split(',').map(pairOf)), value: value.join('\t') };
  }
  await exited;
  if (child.exitCode !== 0) throw new Error(`kcat ended with ${String(child.exitCode)}`);
}

function pairOf(text: string): [string, string] {
  const equals = text.indexOf('=');
  return [text.slice(0, equals), text.slice(equals + 1)];
}
