import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolders } from '../support/temp-folder';

const root = join(__dirname, '../..');
const units = join(root, 'conf/systemd');
const folders = tempFolders();

test('systemd finds no fault in the units', () => {
  execFileSync(process.execPath, ['scripts/run.mjs', 'build'], { cwd: root });
  const folder = folders.make();
  const names = readdirSync(units);
  for (const name of names) {
    const here = readFileSync(join(units, name), 'utf8')
      .replaceAll('/opt/telltale', root)
      .replaceAll('/usr/bin/node', process.execPath);
    writeFileSync(join(folder, name), here);
  }
  const { stderr, status } = spawnSync('systemd-analyze', ['verify', ...names.map((name) => join(folder, name))], {
    encoding: 'utf8',
  });
  // Faults of units that this machine has of its own are not ours.
  expect(stderr.split('\n').filter((line) => names.some((name) => line.includes(name)))).toEqual([]);
  expect(status).toBe(0);
}, 120_000);

test.each(['telltale-producer.service', 'telltale-consumer.service'])('%s can change nothing but its data', (name) => {
  const text = readFileSync(join(units, name), 'utf8');
  for (const setting of [
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'NoNewPrivileges=yes',
    'PrivateTmp=yes',
    'CapabilityBoundingSet=',
    'User=telltale',
    'Restart=always',
    'MemoryMax=1G',
  ]) {
    expect(text.split('\n')).toContain(setting);
  }
});
