import { renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { errnoOf, faultAndRemedy } from '../../errno';
import { isTelltaleError, TelltaleError } from '../../errors';
import type { Known } from '../../ingestion/rotation/lineages';
import { readOwnFile } from './read-own-file';

/**
 * Remembers lineages, and a note for each part, across restarts. The file is a hint: without it, files that were rotated
 * meanwhile are found less often, and nothing is read twice that the store or the checkpoints know.
 */
export class LineageFile<Note> {
  private written = '';

  /** @param path of the file */
  constructor(
    private readonly path: string,
    private readonly note: z.ZodType<Note>,
  ) {}

  /**
   * Nothing when there is no file, or it is damaged.
   * @throws DATA_FOLDER when it cannot be read: its content would be lost
   */
  read(): Remembered<Note> {
    const text = this.text();
    try {
      const remembered = this.schema().parse(JSON.parse(text));
      return {
        host: remembered.host,
        lineages: new Map(remembered.logs),
        passed: new Set(remembered.passed),
        notes: new Map(remembered.notes),
      };
    } catch {
      return { host: null, lineages: new Map(), passed: new Set(), notes: new Map() };
    }
  }

  /**
   * Replaces the file atomically, when anything changed.
   * @throws the error of the file system
   */
  write({ host, lineages, passed, notes }: Remembered<Note>): void {
    const text = JSON.stringify({ version: 1, host, logs: [...lineages], passed: [...passed], notes: [...notes] });
    if (text === this.written) return;
    writeFileSync(`${this.path}.new`, text, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
    this.written = text;
  }

  private text(): string {
    try {
      return readOwnFile(this.path);
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return '';
      if (isTelltaleError(cause)) throw cause;
      const remedy = faultAndRemedy(cause, 'check its permissions');
      throw new TelltaleError('DATA_FOLDER', `Cannot read ${this.path}${remedy}`, { cause });
    }
  }

  private schema() {
    const part = z.object({
      id: z.string(),
      file: z.string(),
      path: z.string(),
      size: z.number(),
      mtimeMs: z.number(),
      gap: z.enum(['replaced', 'truncated', 'compressed', 'removed']).nullable(),
      // Versions before did not read compressed files.
      compressed: z.boolean().default(false),
    });
    return z.object({
      version: z.literal(1),
      host: z.string().nullable(),
      logs: z.array(z.tuple([z.string(), z.array(part)])),
      passed: z.array(z.string()),
      notes: z.array(z.tuple([z.string(), this.note])),
    });
  }
}

export interface Remembered<Note> extends Known {
  /** The host that the files are of; null where they are of several. */
  readonly host: string | null;
  /** {@link noteKey} → note. */
  readonly notes: ReadonlyMap<string, Note>;
}

export function noteKey(log: string, part: string): string {
  return `${log}\n${part}`;
}
