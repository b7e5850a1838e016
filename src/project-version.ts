import { readFileSync } from 'node:fs';
import { projectFile } from './project-file';

/** The version of this program, such as `1.2.0`. */
export function projectVersion(): string {
  return versionOf(JSON.parse(readFileSync(projectFile('package.json'), 'utf8')));
}

function versionOf(manifest: unknown): string {
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}
