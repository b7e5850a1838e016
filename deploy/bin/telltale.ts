import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { join } from 'node:path';
import { bundleHandler } from '../lib/bundle';
import { readSettings, SettingsError } from '../lib/settings';
import { TelltaleStack } from '../lib/telltale-stack';

/** `cdk synth -c environment=NAME` reads settings/NAME.json; `prod` without it. */
function main(): void {
  const app = new App();
  const environment: unknown = app.node.tryGetContext('environment') ?? 'prod';
  if (typeof environment !== 'string' || !/^[a-z0-9-]+$/.test(environment)) {
    throw new SettingsError('-c environment=NAME needs the name of a file settings/NAME.json.');
  }
  const settings = readSettings(join(__dirname, '../settings', `${environment}.json`));
  if (settings.environment !== environment) {
    throw new SettingsError(`settings/${environment}.json: environment has to be "${environment}".`);
  }
  new TelltaleStack(app, settings, bundleHandler());
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
