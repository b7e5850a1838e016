import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGenerator } from '../../../src/apps/generator';
import { runLocal } from '../../../src/apps/local';
import { runBackup } from '../../../src/commands/backup';
import { runRepair } from '../../../src/commands/repair';
import { flipByte, storedBatches } from '../damage';
import { collectingIo } from '../in-process';
import { contentOf, once, settings, type Scenario } from './scenarios';

/** A data folder of `local --once`, made once for all commands that use one. */
class Template {
  private folder: string | null = null;

  async copyTo(folder: string): Promise<void> {
    this.folder ??= await this.make();
    cpSync(this.folder, folder, { recursive: true });
  }

  remove(): void {
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
    this.folder = null;
  }

  private async make(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'telltale-test-'));
    await once.prepare(folder);
    await once.again(folder);
    return folder;
  }
}

const template = new Template();

/** Removes what the scenarios keep for one another. */
export function removeTemplate(): void {
  template.remove();
}

const nothing = (): Promise<void> => Promise.resolve();

/** A command that reads: it prints all of its results, or fails, and changes nothing. */
function reading(name: string, args: (folder: string) => readonly string[], hasData: boolean): Scenario {
  return {
    name,
    printsResults: true,
    prepare: async (folder) => (hasData ? template.copyTo(folder) : once.prepare(folder)),
    args: (folder) => [...name.split(' '), '--data', join(folder, 'data'), ...args(folder)],
    again: nothing,
    facts: (folder) => (hasData ? once.facts(folder) : Promise.resolve({})),
  };
}

/** The batches of an event log, in short. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const { topic, partition, lastOffset, bytes } of storedBatches(folder)) {
    hash.update(`${topic} ${partition} ${lastOffset} ${bytes.length} `).update(bytes);
  }
  return hash.digest('hex');
}

const copyOf = (folder: string): string => join(folder, 'copy.db');

const backup: Scenario = {
  name: 'backup',
  printsResults: false,
  prepare: (folder) => template.copyTo(folder),
  args: (folder) => ['backup', copyOf(folder), '--data', join(folder, 'data')],
  again: async (folder) => {
    // A copy that has the name is complete.
    if (!existsSync(copyOf(folder)))
      await runBackup(settings(folder), { target: copyOf(folder), json: true }, collectingIo());
  },
  facts: (folder) => {
    const restored = join(folder, 'restored');
    mkdirSync(restored, { recursive: true });
    if (!existsSync(copyOf(folder))) return Promise.resolve({ copy: null });
    copyFileSync(copyOf(folder), join(restored, 'events.db'));
    return Promise.resolve({ copy: digestOf(restored), original: digestOf(join(folder, 'data')) });
  },
};

function repair(name: string, damage: (data: string) => void): Scenario {
  return {
    name,
    printsResults: false,
    prepare: async (folder) => {
      await template.copyTo(folder);
      damage(join(folder, 'data'));
    },
    args: (folder) => ['repair', '--data', join(folder, 'data')],
    again: async (folder) => {
      await runRepair(settings(folder), { json: true }, collectingIo());
      const files = { once: [join(folder, 'logs')], keepData: true, json: true };
      await runLocal(settings(folder), files, collectingIo());
    },
    facts: contentOf,
  };
}

/** Writes whole lines, and uploads them. */
const generator: Scenario = {
  name: 'generator',
  printsResults: false,
  prepare: () => undefined,
  args: (folder) => ['generator', '--data', join(folder, 'data'), ...generated.flatMap((value) => ['--set', value])],
  again: async (folder) => {
    await runGenerator(settings(folder, ...generated), collectingIo());
  },
  facts: (folder) => {
    const hosts = join(folder, 'data/hosts');
    const objects = join(folder, 'data/store/objects/telltale-logs/logs');
    const files = readdirSync(hosts, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
    const torn = files.filter((name) => !/^(\d{4}-\d\d-\d\d .*\n)+$/.test(readFileSync(join(hosts, name), 'utf8')));
    const notUploaded = files.filter((name) => {
      const object = join(objects, name);
      return !existsSync(object) || !readFileSync(object).equals(readFileSync(join(hosts, name)));
    });
    return Promise.resolve({ files: files.length, torn, notUploaded });
  },
};

const generated = ['generator.hosts=2', 'generator.burst=true', 'generator.maxCount=20', 'upload.schedule=* * * * * *'];

export const commandScenarios: readonly Scenario[] = [
  reading('replay', (folder) => ['--json', join(folder, 'logs')], false),
  {
    name: 'local --once without a data folder',
    printsResults: true,
    prepare: once.prepare,
    args: (folder) => ['local', '--once', join(folder, 'logs'), '--json'],
    again: nothing,
    facts: () => Promise.resolve({}),
  },
  reading('check', (folder) => [join(folder, 'logs')], false),
  reading('config', () => [], false),
  reading('cat logs', () => [], true),
  reading('audit', () => ['--set', 'objectStore.prefix=web-1'], true),
  generator,
  backup,
  repair('repair', () => undefined),
  repair('repair of damage', (data) => {
    const damaged = storedBatches(data).find(({ topic }) => topic === 'windows');
    if (damaged === undefined) throw new Error('there is no window');
    flipByte(data, damaged, damaged.bytes.length - 1);
  }),
];
