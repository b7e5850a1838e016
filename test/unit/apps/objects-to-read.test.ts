import { objectsToRead } from '../../../src/apps/compose';
import { loadConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';

const keys = ['logs/web-1/app.log', 'logs/web-1/app.tmp', 'logs-old/web-1/app.log', 'web-1/app.log'];

describe('the objects that are read', () => {
  const { config } = loadConfig({ pipelines, set: ['objectStore.prefix=logs', 'ingest.exclude=**/*.tmp'], env: {} });

  it('lie under the prefix, which ends at a slash, and are not excluded', () => {
    const { prefix, includes } = objectsToRead(config);
    expect(prefix).toBe('logs/');
    expect(keys.filter(includes)).toEqual(['logs/web-1/app.log']);
  });

  it('lie anywhere where there is no prefix', () => {
    const { prefix, includes } = objectsToRead({ ...config, objectStore: { ...config.objectStore, prefix: '' } });
    expect(prefix).toBe('');
    expect(keys.filter(includes)).toEqual(['logs/web-1/app.log', 'logs-old/web-1/app.log', 'web-1/app.log']);
  });
});
