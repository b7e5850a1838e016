import { TelltaleError } from '../../errors';
import { isObjectKey, MAX_KEY_BYTES } from '../object-key';
import {
  reingestModes,
  type BatchSignal,
  type ListSignal,
  type ObjectSignal,
  type Reingest,
  type Signal,
} from './signal';

/** Maximum payload length in characters: the limit of a parameter of the SSM document. */
const MAX_PAYLOAD_LENGTH = 4096;

/** The shape of every payload: base64url without padding. No character has a meaning in a shell (`hostile-input`). */
export const PAYLOAD_SHAPE = /^[A-Za-z0-9_-]{1,4096}$/;

const BUCKET_SHAPE = /^[A-Za-z0-9._-]{3,255}$/;
const VERSION_SHAPE = /^[\x21-\x7e]{1,1024}$/;
const SEQUENCER_SHAPE = /^[0-9A-Fa-f]{1,64}$/;

/** Begins the sentence of a refusal, unless the caller names the origin of the signal itself. */
const REFUSED = 'The signal was refused';

/**
 * Encodes a signal as text for SSM, shell and socket: base64url of JSON.
 * @param refused begins the sentence of a refusal
 * @throws BAD_SIGNAL when {@link decodeSignal} would refuse it
 */
export function encodeSignal(signal: Signal, refused = REFUSED): string {
  const badSignal = refusal(refused);
  const problem = problemOf(signal);
  if (problem !== null) throw badSignal(problem);
  const payload = payloadOf(signal);
  if (payload.length > MAX_PAYLOAD_LENGTH) {
    throw badSignal(`its payload has ${payload.length} characters, ${MAX_PAYLOAD_LENGTH} may be sent`);
  }
  return payload;
}

/**
 * Encodes one signal for many objects: their keys without repeats, or "list the bucket now" where they are too many or too
 * long for one command.
 * @throws BAD_SIGNAL when bucket or a key cannot be one
 */
export function encodeBatch(bucket: string, keys: readonly string[]): string {
  const signal: BatchSignal = { v: 2, bucket, keys: [...new Set(keys)] };
  const problem = problemOf(signal);
  if (problem !== null) throw refusal(REFUSED)(problem);
  const payload = payloadOf(signal);
  return payload.length <= MAX_PAYLOAD_LENGTH ? payload : payloadOf({ v: 2, bucket, list: true });
}

/** The order of fields is fixed: equal signals have equal payloads. */
function payloadOf(signal: Signal): string {
  const { v, bucket } = signal;
  const fields = 'key' in signal ? orderedFields(signal) : 'keys' in signal ? { keys: signal.keys } : { list: true };
  return Buffer.from(JSON.stringify({ v, bucket, ...fields }), 'utf8').toString('base64url');
}

function orderedFields({ key, versionId, sequencer, reingest }: ObjectSignal): object {
  return { key, versionId, sequencer, reingest };
}

/**
 * Decodes a payload strictly, because any local process may write to the socket.
 * @param refused begins the sentence of a refusal
 * @throws BAD_SIGNAL with a sentence that names the fault
 */
export function decodeSignal(payload: string, refused = REFUSED): Signal {
  const badSignal = refusal(refused);
  if (payload.length > MAX_PAYLOAD_LENGTH) {
    throw badSignal(`it has more than ${MAX_PAYLOAD_LENGTH} characters`);
  }
  if (!PAYLOAD_SHAPE.test(payload)) throw badSignal('it is not base64url without padding');
  const json = parse(Buffer.from(payload, 'base64url'), badSignal);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw badSignal('it is not a JSON object');
  const fields = json as Readonly<Record<string, unknown>>;
  const signal = fields['v'] === 2 ? manyOf(fields, badSignal) : objectOf(fields, badSignal);
  const problem = problemOf(signal);
  if (problem !== null) throw badSignal(problem);
  return signal;
}

function objectOf(fields: Readonly<Record<string, unknown>>, badSignal: BadSignal): ObjectSignal {
  const { v, bucket, key, versionId, sequencer, reingest, ...unknown } = fields;
  if (v !== 1) throw badSignal(`its version is ${quote(v)}, only versions 1 and 2 are known here`);
  refuseUnknown(unknown, badSignal);
  if (typeof bucket !== 'string') throw badSignal('its bucket is missing or not text');
  if (typeof key !== 'string') throw badSignal('its key is missing or not text');
  if (versionId !== undefined && typeof versionId !== 'string') throw badSignal('its versionId is not text');
  if (sequencer !== undefined && typeof sequencer !== 'string') throw badSignal('its sequencer is not text');
  if (reingest !== undefined && !isReingest(reingest)) {
    throw badSignal(`its reingest is ${quote(reingest)}, not one of ${reingestModes.join(', ')}`);
  }
  return {
    v,
    bucket,
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(sequencer === undefined ? {} : { sequencer }),
    ...(reingest === undefined ? {} : { reingest }),
  };
}

function manyOf(fields: Readonly<Record<string, unknown>>, badSignal: BadSignal): BatchSignal | ListSignal {
  const { v, bucket, keys, list, ...unknown } = fields;
  if (v !== 2) throw badSignal(`its version is ${quote(v)}, not 2`);
  refuseUnknown(unknown, badSignal);
  if (typeof bucket !== 'string') throw badSignal('its bucket is missing or not text');
  if ((keys === undefined) === (list === undefined)) throw badSignal('it needs one of keys and list');
  if (list !== undefined) {
    if (list !== true) throw badSignal(`its list is ${quote(list)}, not true`);
    return { v: 2, bucket, list };
  }
  if (!isTextList(keys)) throw badSignal('its keys are not a list of texts');
  return { v: 2, bucket, keys };
}

function refuseUnknown(unknown: object, badSignal: BadSignal): void {
  const [field] = Object.keys(unknown);
  if (field !== undefined) throw badSignal(`it has an unknown field ${quote(field)}`);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** True for a possible name of an S3 bucket. */
export function isBucketName(bucket: string): boolean {
  return BUCKET_SHAPE.test(bucket);
}

export function isVersionId(versionId: string): boolean {
  return VERSION_SHAPE.test(versionId);
}

export function isSequencer(sequencer: string): boolean {
  return SEQUENCER_SHAPE.test(sequencer);
}

function isReingest(value: unknown): value is Reingest {
  return reingestModes.some((mode) => mode === value);
}

function problemOf(signal: Signal): string | null {
  const { bucket } = signal;
  if (!isBucketName(bucket)) return `its bucket ${quote(bucket)} cannot be the name of a bucket`;
  if ('list' in signal) return null;
  const keys = 'keys' in signal ? signal.keys : [signal.key];
  if (keys.length === 0) return 'it names no key';
  if (!keys.every(isObjectKey)) return `its key has to be 1 to ${MAX_KEY_BYTES} bytes of UTF-8`;
  if ('keys' in signal) return null;
  const { versionId, sequencer } = signal;
  if (versionId !== undefined && !isVersionId(versionId)) return 'its versionId cannot be one';
  if (sequencer !== undefined && !isSequencer(sequencer)) return 'its sequencer is not hexadecimal';
  return null;
}

type BadSignal = ReturnType<typeof refusal>;

function parse(bytes: Buffer, badSignal: BadSignal): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw badSignal('it is not JSON in UTF-8', error);
  }
}

/** Shortens text for a message and removes control characters. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'missing' : text.slice(0, 80);
}

function refusal(refused: string): (problem: string, cause?: unknown) => TelltaleError {
  return (problem, cause) => new TelltaleError('BAD_SIGNAL', `${refused}: ${problem}.`, { cause });
}
