import { firstCheckpoint } from '../../../src/ingestion/generations';
import { createTopicOf, topicProblem } from '../../../src/ingestion/line-topics';

describe('topic of a key', () => {
  it.each([
    ['the first glob that matches', 'logs/db-1/slow.log', 'queries'],
    ['the first glob, although a later one has a topic', 'logs/db-1/app.log', 'logs'],
    ['the only glob that matches', 'logs/web-1/access.log', 'access-logs'],
    ['none', 'logs/web-1/app.log', 'logs'],
  ])('is decided by %s', (_, key, topic) => {
    const topicOf = createTopicOf([
      { keys: '**/slow.log', topic: 'queries' },
      { keys: '**/db-*/*', topic: null },
      { keys: '**/*-1/access.log', topic: 'access-logs' },
      { keys: '**/db-*/app.log', topic: 'never' },
    ]);
    expect(topicOf(key)).toBe(topic);
  });
});

describe('topic problem', () => {
  const object = { size: 1, etag: '"a"', lastModified: 0 };

  it('names source and topic when no pipeline reads the topic', () => {
    const checkpoint = firstCheckpoint('b/k', 'k', object, 'plain', 'events');
    expect(topicProblem(checkpoint, ['logs'])).toContain('The lines of "b/k" go to the topic "events"');
    expect(topicProblem(checkpoint, ['logs', 'events'])).toBeNull();
  });
});
