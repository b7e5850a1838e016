import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import type { AnswerReader } from './primitives';
import { boolean, int8, list, string } from './primitives';

const TOPIC = 2;

export interface TopicSettings {
  readonly topic: string;
  readonly settings: ReadonlyMap<string, string>;
}

/**
 * The values of some settings of topics, as they are in force: the topic's own, or the broker's.
 *
 *     DescribeConfigs v2 request  => [resource] include_synonyms:BOOLEAN
 *       resource                  => resource_type:INT8 resource_name:STRING [configuration_key:STRING]
 *     DescribeConfigs v2 response => throttle_time_ms:INT32 [result]
 *       result                    => error_code:INT16 error_message:NULLABLE_STRING resource_type:INT8
 *                                    resource_name:STRING [config]
 *       config                    => name:STRING value:NULLABLE_STRING read_only:BOOLEAN config_source:INT8
 *                                    is_sensitive:BOOLEAN [synonym]
 *       synonym                   => name:STRING value:NULLABLE_STRING source:INT8
 */
export function describeTopicConfigs(
  topics: readonly string[],
  settings: readonly string[],
): ApiRequest<readonly TopicSettings[]> {
  const resources = list(topics, (topic) => Buffer.concat([int8(TOPIC), string(topic), list(settings, string)]));
  return { api: 'DescribeConfigs', body: Buffer.concat([resources, boolean(false)]), parse };
}

function parse(answer: AnswerReader): readonly TopicSettings[] {
  answer.int32();
  return answer.each(() => {
    const errorCode = answer.int16();
    answer.string();
    answer.int8();
    const topic = answer.string();
    throwIfFailed(errorCode, `the topic ${topic}`);
    const settings = answer.each((): readonly [string, string] => {
      const entry = [answer.string(), answer.string()] as const;
      answer.boolean();
      answer.int8();
      answer.boolean();
      answer.each(() => {
        answer.string();
        answer.string();
        answer.int8();
      });
      return entry;
    });
    return { topic, settings: new Map(settings) };
  });
}
