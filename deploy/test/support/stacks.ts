import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import flags from 'aws-cdk-lib/recommended-feature-flags.json';
import { parseSettings } from '../../lib/settings';
import { TelltaleStack } from '../../lib/telltale-stack';

/** A template, as far as tests look into it. */
export interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const mail = { domain: 'example.com', from: 'telltale@example.com', to: ['on-call@example.com'] };

/** Settings of two deployments that together use every part. */
export const small = { environment: 'prod', mail, alarms: { mailTo: ['ops@example.com'] } };
export const large = {
  environment: 'large',
  trigger: 'direct',
  bucket: { encryption: 'kms', noncurrentDays: 7 },
  hosts: ['web-1', 'web-2'],
  eventLog: { kind: 'msk' },
  interfaceEndpoints: true,
  mail,
};

/** The template of settings. The handler is not bundled: nothing in the template depends on its content but a hash. */
export function templateOf(settings: object): Template {
  const bundle = mkdtempSync(join(tmpdir(), 'telltale-handler-'));
  writeFileSync(join(bundle, 'index.js'), 'exports.handler = async () => {};\n');
  const app = new App({ context: { ...flags, 'aws:cdk:version-reporting': false } });
  return Template.fromStack(new TelltaleStack(app, parseSettings(settings, 'settings of a test'), bundle));
}

export function resourcesOf(template: Template, type: string): readonly (readonly [string, Resource])[] {
  const { Resources: resources } = template.toJSON() as TemplateJson;
  return Object.entries(resources).filter(([, resource]) => resource.Type === type);
}
