import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDataFolder, openDataFolder, warnOfNewEventLog, warnOfOpenFolder } from '../../../src/apps/data-folder';
import { loadConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';
import { collectingIo } from '../../support/in-process';

describe('a data folder', () => {
  let parent: string;
  beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'telltale-data-folder-'))));
  afterEach(() => rmSync(parent, { recursive: true }));

  it('is private when Telltale makes it', () => {
    const { root } = openDataFolder(join(parent, 'data'));
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  it('is made with the folders above it', () => {
    const { root } = openDataFolder(join(parent, 'a/b/data'));
    expect(statSync(root).isDirectory()).toBe(true);
  });

  it('is refused in a folder that takes none', () => {
    // Node's recursive mkdir never returns there.
    expect(() => openDataFolder('/proc/1/data')).toThrow('Cannot use /proc/1/data as data folder (ENOENT)');
  });

  it('gets a message of its own when it is a file', () => {
    writeFileSync(join(parent, 'data'), '');
    const dataDir = join(parent, 'data');
    const { eventLog } = loadConfig({ pipelines, set: [], env: {} }).config;
    expect(() => findDataFolder({ dataDir, eventLog })).toThrow(`${dataDir} is not a folder: name the data folder`);
  });

  it.each(['data', 'data/events.db'])('is not called missing when %s cannot be followed', (name) => {
    const dataDir = join(parent, 'data');
    if (name !== 'data') mkdirSync(dataDir);
    symlinkSync(join(parent, name), join(parent, name));
    const { eventLog } = loadConfig({ pipelines, set: [], env: {} }).config;
    expect(() => findDataFolder({ dataDir, eventLog })).toThrow('ELOOP');
  });

  it.each([
    [0o700, 0],
    [0o750, 1],
    [0o755, 1],
  ])('made beforehand with mode %o leads to %i warnings', (mode, warnings) => {
    mkdirSync(join(parent, 'data'));
    chmodSync(join(parent, 'data'), mode);
    const io = collectingIo();
    warnOfOpenFolder(openDataFolder(join(parent, 'data')), io.log);
    expect(io.logged.map(({ level }) => level)).toEqual(Array(warnings).fill('warn'));
  });

  it.each<[string, string[], 'embedded' | 'kafka', number]>([
    ['nothing', [], 'embedded', 0],
    ['empty folders', ['store/', 'mail/'], 'embedded', 0],
    ['objects and an event log', ['store/', 'store/a', 'events.db'], 'embedded', 0],
    ['objects and no event log', ['store/', 'store/a'], 'embedded', 1],
    ['mails and no event log', ['mail/', 'mail/a'], 'embedded', 1],
    ['mails, and its event log is Kafka', ['mail/', 'mail/a'], 'kafka', 0],
  ])('with %s leads to the right number of warnings of a new event log', (_, paths, kind, warnings) => {
    const data = openDataFolder(join(parent, 'data'));
    for (const path of paths) {
      if (path.endsWith('/')) mkdirSync(join(data.root, path));
      else writeFileSync(join(data.root, path), '');
    }
    const io = collectingIo();
    warnOfNewEventLog(data, { ...loadConfig({ pipelines, env: {} }).config.eventLog, kind }, io.log);
    expect(io.logged.map(({ level }) => level)).toEqual(Array(warnings).fill('warn'));
  });
});
