/** What the fields of JSON and logfmt lines say. */

/** What a field says. */
export const FieldRole = {
  TIME: 1,
  /** A fraction in nanoseconds beside a time in whole seconds. */
  NANOS: 2,
  LEVEL: 3,
  /** An HTTP status code. */
  STATUS: 4,
  /** A message, whose head may hold a level. */
  MESSAGE: 5,
  /** A line of another program, word for word. */
  WRAPPED: 6,
  /** The stream of a wrapped line. */
  STREAM: 7,
  /** Says only which logger wrote the line. */
  MARK: 8,
} as const;
export type FieldRole = (typeof FieldRole)[keyof typeof FieldRole];

/** What the numbers of a level field mean. */
export const LevelScale = {
  /** Words only: a number here means something else. */
  WORDS: 0,
  /** Found by the size of the number: syslog 0–7, OpenTelemetry, pino 10–60, Monolog 100–600 and larger ones. */
  BY_SIZE: 1,
  /** RFC 5424: 0 emergency … 7 debug. */
  SYSLOG: 2,
  /** OpenTelemetry: 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–24 error. */
  OPEN_TELEMETRY: 3,
  /** Python: 10 debug, 20 info, 30 warning, 40 error, 50 critical. */
  PYTHON: 4,
  /** Application Insights: 0 verbose, 1 information, 2 warning, 3 error, 4 critical. */
  RISING: 5,
  /** Cloud Foundry's lager: 0 debug, 1 info, 2 error, 3 fatal. Larger numbers as by size. */
  LAGER: 6,
  /** MongoDB: F, E, W, I, D1–D5. */
  LETTERS: 7,
  /** Kubernetes components: the verbosity of an information. */
  VERBOSITY: 8,
} as const;
export type LevelScale = (typeof LevelScale)[keyof typeof LevelScale];

/** Fields that say which logger wrote a line, where its numbers or a missing level have a meaning of their own. */
export const LoggerMark = {
  /** Serilog's compact JSON: no level means information. */
  CLEF: 1,
  /** Nextcloud: 0 debug, 1 info, 2 warning, 3 error, 4 fatal. */
  NEXTCLOUD: 2,
  /** Windows events and Azure: 1 critical, 2 error, 3 warning, 4 information, 5 verbose. */
  WINDOWS: 4,
  /** osquery, as glog: 0 info, 1 warning, 2 error, 3 fatal. */
  OSQUERY: 8,
  /** MongoDB, whose `s` is the severity. */
  MONGODB: 16,
  /** Kubernetes components: an entry with `err` and without a verbosity is an error. */
  KUBERNETES_CALLER: 32,
  KUBERNETES_ERROR: 64,
} as const;
