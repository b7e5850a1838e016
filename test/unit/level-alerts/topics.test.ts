import { outboxTopic, windowsTopic } from '../../../src/pipelines/level-alerts/topics';

const DAY = 24 * 60 * 60_000;

describe('outboxTopic', () => {
  it.each([0, 2, 15, 20, 400])(
    'knows sent mails at least as long as their windows, for keepWindows of %d days',
    (days) => {
      const { retentionMs } = outboxTopic(days * DAY);
      expect(retentionMs).toBeGreaterThanOrEqual(windowsTopic(10, days * DAY).retentionMs);
      expect(retentionMs).toBeGreaterThanOrEqual(30 * DAY);
    },
  );
});
