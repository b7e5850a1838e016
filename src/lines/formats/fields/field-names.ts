/**
 * The names of fields that hold a record's time, level, status and message in JSON and logfmt lines. Names are compared
 * without regard to case; a dot joins the names of nested objects, so that `log.level` is also `{"log":{"level":…}}`.
 */

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

/** Earlier names win over later ones, wherever they stand in the line. */
export const timeNames: readonly string[] = [
  '@timestamp',
  '@t',
  'timestamp',
  'time',
  'ts',
  'datetime',
  'asctime',
  'timestamp.seconds',
  'timestamp.epochsecond',
  'instant.epochsecond',
  'timemillis',
  'timeunixnano',
  'resourcelogs.scopelogs.logrecords.timeunixnano',
  't.$date',
  't.$date.$numberlong',
  'record.time.timestamp',
  'record.time.repr',
  '__realtime_timestamp',
  'requestreceivedtimestamp',
  'stagetimestamp',
  'eventtime',
  'event_time',
  'event.created',
  'ibm_datetime',
  'timecreated',
  'systemtime',
  'time_iso8601',
  'time_local',
  'start_time',
  'starttime',
  'startutc',
  'edgestarttimestamp',
  'edgeendtimestamp',
  'requesttime',
  'requesttimeepoch',
  'msec',
  'isodate',
  'date',
  'datetime.date',
  'time.timestamp',
  'time.$date',
  'log.timestamp',
  'log_timestamp',
  'logtime',
  'log_time',
  'logdate',
  'logged_at',
  'log_ts',
  '_meta.date',
  '_time',
  '_timestamp',
  'syslog.timestamp',
  'attributes.timestamp',
  'attributes.time',
  'metadata.timestamp',
  'meta.timestamp',
  'meta.time',
  'jsonpayload.timestamp',
  'jsonpayload.time',
  'fields.time',
  'fields.timestamp',
  'eventtimestamp',
  'timestampseconds',
  'timestamp_seconds',
  'timestamp_ms',
  'timestampms',
  'ts_ms',
  'epoch',
  'epochmillis',
  'epoch_ms',
  'unixtime',
  'unix_time',
  'created',
  'created_at',
  'createdat',
  'occurred_at',
  'at',
  'when',
  'dt',
  't',
  'calendartime',
  'observedtimeunixnano',
  'observedtimestamp',
  'observed_timestamp',
  '_source_realtime_timestamp',
  'receivetimestamp',
];

export const nanosNames: readonly string[] = [
  'timestamp.nanos',
  'timestampnanos',
  'timestamp.nanoofsecond',
  'instant.nanoofsecond',
];

/** Earlier names win over later ones, and a word over a number. */
export const levelNames: readonly (readonly [name: string, scale: LevelScale])[] = [
  ['level', LevelScale.BY_SIZE],
  ['log.level', LevelScale.BY_SIZE],
  ['severity', LevelScale.BY_SIZE],
  ['severitytext', LevelScale.WORDS],
  ['severity_text', LevelScale.WORDS],
  ['severity.text', LevelScale.WORDS],
  ['resourcelogs.scopelogs.logrecords.severitytext', LevelScale.WORDS],
  ['severitynumber', LevelScale.OPEN_TELEMETRY],
  ['severity_number', LevelScale.OPEN_TELEMETRY],
  ['severity.number', LevelScale.OPEN_TELEMETRY],
  ['resourcelogs.scopelogs.logrecords.severitynumber', LevelScale.OPEN_TELEMETRY],
  ['@level', LevelScale.BY_SIZE],
  ['@l', LevelScale.BY_SIZE],
  ['lvl', LevelScale.BY_SIZE],
  ['loglevel', LevelScale.BY_SIZE],
  ['log_level', LevelScale.LAGER],
  ['log-level', LevelScale.BY_SIZE],
  ['levelname', LevelScale.BY_SIZE],
  ['level_name', LevelScale.BY_SIZE],
  ['levelno', LevelScale.PYTHON],
  ['levelstr', LevelScale.WORDS],
  ['leveltext', LevelScale.WORDS],
  ['leveldisplayname', LevelScale.WORDS],
  ['level_value', LevelScale.BY_SIZE],
  ['levelvalue', LevelScale.BY_SIZE],
  ['level.name', LevelScale.BY_SIZE],
  ['level.levelstr', LevelScale.WORDS],
  ['level.level', LevelScale.BY_SIZE],
  ['level.standardlevel', LevelScale.WORDS],
  ['level.text', LevelScale.WORDS],
  ['record.level.name', LevelScale.WORDS],
  ['record.level.no', LevelScale.PYTHON],
  ['record.level', LevelScale.BY_SIZE],
  ['record.levelname', LevelScale.WORDS],
  ['priority', LevelScale.SYSLOG],
  ['syslog.severity', LevelScale.SYSLOG],
  ['syslog_severity', LevelScale.SYSLOG],
  ['log.syslog.severity.name', LevelScale.WORDS],
  ['log.syslog.severity.code', LevelScale.SYSLOG],
  ['severity_label', LevelScale.WORDS],
  ['severityname', LevelScale.WORDS],
  ['severity_name', LevelScale.WORDS],
  ['severitylevel', LevelScale.RISING],
  ['data.basedata.severitylevel', LevelScale.RISING],
  ['error_severity', LevelScale.WORDS],
  ['sev', LevelScale.BY_SIZE],
  ['lv', LevelScale.WORDS],
  ['loglevelname', LevelScale.WORDS],
  ['_meta.loglevelname', LevelScale.WORDS],
  ['context.loglevel', LevelScale.BY_SIZE],
  ['attributes.level', LevelScale.BY_SIZE],
  ['attributes.severity', LevelScale.BY_SIZE],
  ['attributes.loglevel', LevelScale.BY_SIZE],
  ['labels.level', LevelScale.WORDS],
  ['labels.severity', LevelScale.WORDS],
  ['labels.loglevel', LevelScale.WORDS],
  ['fields.level', LevelScale.WORDS],
  ['fields.severity', LevelScale.WORDS],
  ['fields.loglevel', LevelScale.WORDS],
  ['metadata.level', LevelScale.WORDS],
  ['metadata.severity', LevelScale.WORDS],
  ['meta.level', LevelScale.WORDS],
  ['meta.severity', LevelScale.WORDS],
  ['jsonpayload.level', LevelScale.BY_SIZE],
  ['jsonpayload.severity', LevelScale.BY_SIZE],
  ['jsonpayload.loglevel', LevelScale.BY_SIZE],
  ['log.severity', LevelScale.BY_SIZE],
  ['log.loglevel', LevelScale.WORDS],
  ['event.severity_text', LevelScale.WORDS],
  ['s', LevelScale.LETTERS],
  ['label', LevelScale.WORDS],
  ['tags', LevelScale.WORDS],
  ['v', LevelScale.VERBOSITY],
];

export const statusNames: readonly string[] = [
  'status',
  'status_code',
  'statuscode',
  'response_code',
  'responsecode',
  'response_status',
  'http_status',
  'http.response.status_code',
  'http.status_code',
  'http_status_code',
  'sc-status',
  'sc_status',
  'downstreamstatus',
  'edgeresponsestatus',
  'responsestatus.code',
  'httprequest.status',
  'response.status',
  'response.statuscode',
  'response.status_code',
  'res.status',
  'res.statuscode',
];

/** Earlier names win over later ones. A name may also say which logger wrote the line. */
export const messageNames: readonly (readonly [name: string, mark: number])[] = [
  ['message', 0],
  ['msg', 0],
  ['@message', 0],
  ['@m', LoggerMark.CLEF],
  ['@mt', LoggerMark.CLEF],
  ['short_message', 0],
  ['logmessage', 0],
  ['log_message', 0],
  ['log.message', 0],
  ['renderedmessage', 0],
  ['messagetemplate', 0],
  ['fields.message', 0],
  ['record.message', 0],
  ['jsonpayload.message', 0],
  ['textpayload', 0],
  ['body', 0],
  ['body.stringvalue', 0],
  ['resourcelogs.scopelogs.logrecords.body.stringvalue', 0],
  ['event.original', 0],
  ['text', 0],
  ['event', 0],
  ['error.message', 0],
  ['errormessage', 0],
  ['err.message', 0],
  ['error', 0],
  ['err', LoggerMark.KUBERNETES_ERROR],
];

/** Container runtimes and shippers keep a program's own line in this field. */
export const wrappedNames: readonly string[] = ['log'];

/** The stream that a container's line comes from: `stdout` or `stderr`. */
export const streamNames: readonly string[] = ['stream'];

export const markNames: readonly (readonly [name: string, mark: number])[] = [
  ['reqid', LoggerMark.NEXTCLOUD],
  ['providername', LoggerMark.WINDOWS],
  ['operationname', LoggerMark.WINDOWS],
  ['resourceid', LoggerMark.WINDOWS],
  ['hostidentifier', LoggerMark.OSQUERY],
  ['ctx', LoggerMark.MONGODB],
  ['caller', LoggerMark.KUBERNETES_CALLER],
];
