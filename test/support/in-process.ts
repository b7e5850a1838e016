import { PassThrough } from 'node:stream';
import { loadConfig, type Config } from '../../src/config';
import { pipelines } from '../../src/pipelines';
import type { Io } from '../../src/io';
import { Shutdown } from '../../src/shutdown';
import type { LogFields, Logger } from '../../src/log';

export interface Entry {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

/** The outputs of a program, recorded. */
export interface CollectingIo extends Io {
  readonly printed: () => string;
  /** Resolves as soon as the printed text matches. */
  readonly whenPrinted: (pattern: RegExp) => Promise<void>;
  /** Resolves as soon as a log entry matches. */
  readonly whenLogged: (pattern: RegExp) => Promise<void>;
  readonly logged: readonly Entry[];
  /** Stops the program like Ctrl-C. */
  readonly interrupt: () => void;
}

/** An `Io` for programs that run in the test's process. */
export function collectingIo(): CollectingIo {
  const stopping = new AbortController();
  const out = new PassThrough();
  const logged: Entry[] = [];
  const waiting = new Set<() => void>();
  let printed = '';
  const wake = (): void => {
    for (const look of waiting) look();
  };
  out.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    wake();
  });
  const write = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    logged.push({ level, message, fields: fields ?? {} });
    wake();
  };
  const when = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const log: Logger = {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: () => log,
  };
  return {
    out,
    terminal: false,
    log,
    stop: stopping.signal,
    shutdown: new Shutdown(20_000),
    printed: () => printed,
    whenPrinted: (pattern) => when(() => pattern.test(printed)),
    whenLogged: (pattern) => when(() => logged.some(({ message }) => pattern.test(message))),
    logged,
    interrupt: () => stopping.abort(),
  };
}

/** The default configuration, with free ports and these values. */
export function configWith(...set: string[]): Config {
  return loadConfig({ pipelines, set: ['web.port=0', 'producer.web.port=0', ...set], env: {} }).config;
}
