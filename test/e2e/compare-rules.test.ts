import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocal } from '../../src/apps/local';
import { runRulesDiff, runThresholds } from '../../src/commands/compare-rules';
import { loadConfig } from '../../src/config';
import { pipelines } from '../../src/pipelines';
import { collectingIo, configWith } from '../support/in-process';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

/** Errors of one minute each: 2 at 10:00, 9 at 23:00. */
const lines = [
  ['10:00', 2],
  ['23:00', 9],
].map(([time, errors]) => `2026-11-20 ${time}:01.000 [main] ERROR a.B - refused\n`.repeat(Number(errors)));

function setUp(): { file: string; configOf: (name: string, yaml: string) => string; data: string } {
  const folder = folders.make();
  const file = join(folder, 'app.log');
  writeFileSync(file, lines.join(''));
  const configOf = (name: string, yaml: string): string => {
    writeFileSync(join(folder, name), yaml);
    return join(folder, name);
  };
  return { file, configOf, data: join(folder, 'data') };
}

const loadWith =
  (...base: readonly string[]) =>
  ({ set = [], ...file }: { readonly file?: string; readonly set?: readonly string[] }) =>
    loadConfig({ pipelines, env: {}, set: [...base, ...set], ...file }).config;

describe('telltale replay --rules-diff', () => {
  it('shows messages that appear, disappear and change over the same files', async () => {
    const { file, configOf } = setUp();
    const before = configOf('old.yaml', 'rules:\n  - name: errors\n    threshold: 1\n');
    const after = configOf(
      'new.yaml',
      'rules:\n  - {name: errors, threshold: 5, receivers: [mail]}\n  - {name: many, threshold: 8}\n',
    );
    const diff = async (json: boolean): Promise<string> => {
      const io = collectingIo();
      const options = { paths: [file], terminatedOnly: false, json };
      expect(await runRulesDiff(loadWith(), [before, after], options, io)).toBe(0);
      return io.printed();
    };
    expect((await diff(false)).replaceAll(before, 'old').replaceAll(after, 'new').split('\n')).toEqual([
      '# old → new, over 1 file',
      expect.stringMatching(/^- 2026-11-20 10:00 UTC {2}to you@localhost: \[errors\] 2 errors/),
      expect.stringMatching(/^- 2026-11-20 10:00 UTC {2}to you@localhost: \[errors\] Resolved: 2 errors/),
      expect.stringMatching(/^\+ 2026-11-20 23:00 UTC {2}to you@localhost: \[many\] 9 errors/),
      '# 1 message appears, 2 disappear, 0 change, 1 is the same',
      '',
    ]);
    const objects = (await diff(true)).trim().split('\n');
    expect(objects.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'message',
      'message',
      'message',
      'rules-diff',
    ]);
  });

  it('reads the lines of the event log when no file is given', async () => {
    const { file, configOf, data } = setUp();
    const [before, after] = [configOf('old.yaml', ''), configOf('new.yaml', 'rules: [{name: errors, threshold: 5}]\n')];
    await runLocal(configWith(`dataDir=${data}`), { once: [file], keepData: true, json: true }, collectingIo());
    const io = collectingIo();
    const options = { paths: [], terminatedOnly: false, json: false };
    expect(await runRulesDiff(loadWith(`dataDir=${data}`), [before, after], options, io)).toBe(0);
    expect(io.printed()).toMatch(/^- 2026-11-20 10:00 UTC .*\[errors\] 2 errors/m);
    expect(io.printed()).toMatch(/0 messages appear, 2 disappear, 0 change, 1 is the same/);
  });

  it('refuses a file with a mistake, and names its place', async () => {
    const { file, configOf } = setUp();
    const files = [configOf('old.yaml', ''), configOf('new.yaml', 'rules: [{name: errors, treshold: 5}]\n')] as const;
    const options = { paths: [file], terminatedOnly: false, json: false };
    await expect(runRulesDiff(loadWith(), files, options, collectingIo())).rejects.toThrow(
      /new\.yaml:1: rules\.0\.treshold: no such key; did you mean rules\.0\.threshold\?/,
    );
  });
});

describe('telltale replay --threshold', () => {
  it('shows the messages with each threshold, side by side', async () => {
    const { file } = setUp();
    const io = collectingIo();
    const options = { paths: [file], terminatedOnly: false, json: true };
    expect(await runThresholds(configWith(), loadWith(), [1, 5, 20], options, io)).toBe(0);
    const columns = io
      .printed()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { threshold: number; messages: unknown[] });
    expect(columns.map(({ threshold, messages }) => [threshold, messages.length])).toEqual([
      [1, expect.any(Number)],
      [5, 1],
      [20, 0],
    ]);
  });

  it('refuses rules without a threshold', async () => {
    const share = 'rules=[{"name":"a","kind":"share","percent":5,"minLines":1}]';
    const options = { paths: [], terminatedOnly: false, json: true };
    await expect(runThresholds(configWith(share), loadWith(share), [1], options, collectingIo())).rejects.toThrow(
      'no rule of the configuration has a threshold; use --rules-diff.',
    );
  });
});
