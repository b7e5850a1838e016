import { runLocal } from '../../../src/apps/local';
import { loadConfig } from '../../../src/config';
import { createLog } from '../../../src/log';
import { Shutdown } from '../../../src/shutdown';
import type { ListedPipeline } from '../../../src/stream/pipeline';
import { endWithParent } from './parent-gone';

/** `telltale local` with one pipeline: the module that exports it, the name of the export, then settings. */
async function main(): Promise<void> {
  const [module = '', name = '', ...set] = process.argv.slice(2);
  const { [name]: pipeline } = (await import(module)) as Record<string, ListedPipeline>;
  if (pipeline === undefined) throw new Error(`${module} does not export ${name}`);
  const { config } = loadConfig({ pipelines: [pipeline], set, env: {} });
  const io = {
    out: process.stdout,
    terminal: false,
    log: createLog({ level: 'error', json: true }),
    stop: new AbortController().signal,
    shutdown: new Shutdown(config.shutdownTimeout),
  };
  await runLocal(config, { once: null, keepData: true, json: false }, io);
}

endWithParent();
void main();
