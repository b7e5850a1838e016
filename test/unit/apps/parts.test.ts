import { partsToRun } from '../../../src/apps/parts';
import { loadConfig } from '../../../src/config';
import { levelAlerts } from '../../../src/pipelines/level-alerts';

const namesRun = (...set: string[]): string[] => {
  const { jobs, deliveries } = partsToRun(loadConfig({ pipelines: [levelAlerts], set, env: {} }).config);
  return [...jobs, ...deliveries].map(({ name }) => name);
};

describe('consumer.run', () => {
  it('leaves out no job and no delivery by default', () => {
    expect(namesRun()).toEqual(['counting', 'alerting', 'mailer']);
  });

  it('leaves out jobs and deliveries that it does not name', () => {
    expect(namesRun('consumer.run=mailer,counting')).toEqual(['counting', 'mailer']);
  });

  it('refuses a name that does not exist and gives the nearest one', () => {
    expect(() => namesRun('consumer.run=counting,alertin')).toThrow(
      'consumer.run: there is no job or delivery "alertin"; did you mean alerting?',
    );
  });
});
