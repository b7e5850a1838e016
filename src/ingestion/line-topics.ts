import { compileGlob } from '../glob';
import { DEFAULT_TOPIC, type Checkpoint } from './checkpoint';

/** The topic that the lines of a key go to. */
export type TopicOf = (key: string) => string;

/** The first source whose glob matches a key decides; without one, or without a topic of its own, it is `logs`. */
export function createTopicOf(sources: readonly { readonly keys: string; readonly topic: string | null }[]): TopicOf {
  const routes = sources.map(({ keys, topic }) => ({ matches: compileGlob(keys), topic: topic ?? DEFAULT_TOPIC }));
  return (key) => routes.find(({ matches }) => matches(key))?.topic ?? DEFAULT_TOPIC;
}

/**
 * Why the lines of a source cannot be published; null when they can. A source keeps its topic, also when the pipeline that
 * read the topic was removed.
 */
export function topicProblem({ source, topic }: Checkpoint, lineTopics: readonly string[]): string | null {
  if (lineTopics.includes(topic)) return null;
  return (
    `The lines of ${JSON.stringify(source)} go to the topic ${JSON.stringify(topic)}, which no pipeline reads any more. ` +
    'The source is not read; run a Telltale that has the pipeline.'
  );
}
