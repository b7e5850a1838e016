import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const script = resolve(__dirname, '../../../scripts/check-words.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telltale-words-'));
  mkdirSync(join(folder, 'scripts'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function checkWords(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
}

const baseline = (): Record<string, number> =>
  JSON.parse(readFileSync(join(folder, 'scripts/check-words.json'), 'utf8')) as Record<string, number>;

describe('check-words', () => {
  it('passes when no count is above the baseline', () => {
    write('src/a.ts', '// somebody\n');
    expect(checkWords('--update').status).toBe(0);
    expect(checkWords()).toMatchObject({ status: 0, stderr: '' });
    write('src/a.ts', '');
    expect(checkWords().status).toBe(0);
  });

  it('fails and names the places of the pattern when its count grows', () => {
    write('src/a.ts', '// somebody\n// once more\n');
    checkWords('--update');
    write('src/b/c.ts', 'x\n  // nobody\n');
    const { status, stdout, stderr } = checkWords();
    expect(status).toBe(1);
    expect(stdout).toContain('src/a.ts:1: [nobody] // somebody');
    expect(stdout).toContain('src/b/c.ts:2: [nobody] // nobody');
    expect(stdout).toContain('Write instead of "nobody": name the actor.');
    expect(stdout).not.toContain('once more');
    expect(stderr).toBe('check-words: "nobody" has 2 hits; scripts/check-words.json allows 1.\n');
  });

  it('fails on any hit when the baseline does not name the pattern', () => {
    write('scripts/check-words.json', '{}');
    write('docs/a.md', 'It goes on.\n');
    expect(checkWords().status).toBe(1);
  });

  it('lowers the baseline and never raises it when given --update', () => {
    write('src/a.ts', '// somebody\n// anew\n');
    checkWords('--update');
    write('src/a.ts', '// nobody, nobody\n');
    expect(checkWords('--update').status).toBe(1);
    expect(baseline()).toMatchObject({ nobody: 1, archaism: 0 });
  });

  it('reads every folder and the Markdown of the root, but neither binaries nor its own files', () => {
    const text = 'x\n// nobody\n';
    for (const name of ['src', 'actors', 'lambda', 'test', 'scripts', 'docs', 'conf']) write(`${name}/a`, text);
    write('README.md', text);
    write('elsewhere/a.md', text);
    write('package.json', text);
    write('test/image.png', '\0nobody');
    write('scripts/check-words.mjs', text);
    write('test/unit/scripts/check-words.test.ts', text);
    expect(checkWords('--update').status).toBe(0);
    expect(baseline()).toMatchObject({ nobody: 8 });
  });

  it('prints every hit when given --list', () => {
    write('src/a.ts', "  it('of all', f);\n// Of all\n// a wish\n");
    checkWords('--update');
    const { status, stdout } = checkWords('--list');
    expect(status).toBe(0);
    expect(stdout).toContain("src/a.ts:1: [test title] it('of all', f);");
    expect(stdout).toContain('src/a.ts:2: [Of …] // Of all');
    expect(stdout).toContain('src/a.ts:3: [renamed] // a wish');
  });

  it('refuses an unknown option', () => {
    expect(checkWords('--fix')).toMatchObject({
      status: 2,
      stderr: 'check-words: unknown option --fix. Use --list or --update.\n',
    });
  });
});
