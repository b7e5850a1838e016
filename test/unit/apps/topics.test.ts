import { lineTopicsOf } from '../../../src/apps/topics';
import { loadConfig } from '../../../src/config';
import { levelAlerts } from '../../../src/pipelines/level-alerts';

const configWith = (sources: string): ReturnType<typeof loadConfig>['config'] =>
  loadConfig({ pipelines: [levelAlerts], set: [`ingest.sources=${sources}`], env: {} }).config;

describe('line topics', () => {
  it('are the inputs of pipelines that no job writes', () => {
    expect(lineTopicsOf(configWith('[{"keys":"a","topic":"logs"},{"keys":"b"}]'))).toEqual(['logs']);
  });

  it.each([
    ['log', 'did you mean logs?'],
    ['checkpoints', 'expected logs'],
    ['windows', 'expected logs'],
  ])('refuse the topic %s and name those that there are', (topic, advice) => {
    expect(() => lineTopicsOf(configWith(`[{"keys":"a"},{"keys":"b","topic":"${topic}"}]`))).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        message: `ingest.sources.1.topic: no pipeline reads the topic "${topic}"; ${advice}`,
      }) as Error,
    );
  });
});
