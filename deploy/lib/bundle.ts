import { buildSync } from 'esbuild';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './document';

/** Bundles the handler of `lambda/` with everything that it needs. @returns the folder that holds it as `index.js` */
export function bundleHandler(): string {
  const folder = mkdtempSync(join(tmpdir(), 'telltale-handler-'));
  buildSync({
    entryPoints: [join(repository, 'lambda/handler.ts')],
    outfile: join(folder, 'index.js'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    logLevel: 'error',
  });
  return folder;
}
