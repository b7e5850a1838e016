import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSettings, readSettings } from '../lib/settings';

const mail = { domain: 'example.com', from: 'telltale@example.com', to: ['a@example.com'] };

test('a name alone is enough', () => {
  expect(parseSettings({ environment: 'prod' }, 'x')).toMatchObject({
    trigger: 'queue',
    eventLog: { kind: 'embedded' },
    bucket: { encryption: 's3', noncurrentDays: 3 },
    instance: { type: 't4g.small' },
    mail: null,
  });
});

test.each([
  [{}, 'environment: '],
  [{ environment: 'Prod' }, 'environment: expected the name of an environment such as prod'],
  [{ environment: 'prod', acount: '1' }, 'acount'],
  [{ environment: 'prod', account: '12' }, 'account: expected 12 digits'],
  [{ environment: 'prod', region: 'Frankfurt' }, 'region: expected a region such as eu-central-1'],
  [{ environment: 'prod', bucket: { noncurrentDays: 0 } }, 'bucket.noncurrentDays'],
  [{ environment: 'prod', eventLog: { kind: 'kafka' } }, 'eventLog.kind'],
  [{ environment: 'prod', mail: { ...mail, from: 'me@gmail.com' } }, 'mail.from: expected an address of example.com'],
  [{ environment: 'prod', mail: { ...mail, to: ['ops'] } }, 'mail.to.0: expected an email address'],
  [{ environment: 'prod', hosts: ['a/b'] }, 'hosts.0: expected the name of a host'],
  [
    { environment: 'prod', network: { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], availabilityZones: ['a'] } },
    'network.availabilityZones: expected one availability zone for each subnet',
  ],
])('%j is refused, and the message names the key', (settings, message) => {
  expect(() => parseSettings(settings, 'settings/x.json')).toThrow(`settings/x.json is not valid:`);
  expect(() => parseSettings(settings, 'settings/x.json')).toThrow(message);
});

test('a file that is missing or no JSON is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  expect(() => readSettings(join(folder, 'none.json'))).toThrow(/none\.json cannot be read/);
  writeFileSync(join(folder, 'bad.json'), '{');
  expect(() => readSettings(join(folder, 'bad.json'))).toThrow(/bad\.json is no JSON/);
});
