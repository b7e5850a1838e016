/** JSON lines of loggers for tests and docs, with their level and time; `none` without a time. */
export const jsonSamples: readonly (readonly [line: string, levelAndTime: string])[] = [
  // Field names
  ['{"date":"2026-11-29","time":"10:00:00.123","level":"error"}', 'ERROR 2026-11-29T10:00:00.123'],
  ['{"time":"2026-11-29T10:00:00.123Z","level":"WARN+1"}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"time":"2026-11-29T10:00:00.123Z","level":"DEBUG-4"}', 'DEBUG 2026-11-29T10:00:00.123Z'],
  ['{"ibm_datetime":"2026-11-29T10:00:00.123+0000","loglevel":"AUDIT"}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"level":"error","msg":"x","time":"2026-11-29T10:00:00.123Z"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"@timestamp":"2026-11-29T10:00:00.123Z","log.level":"ERROR","message":"x"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    '{"@timestamp":"2026-11-29T10:00:00.123Z","log":{"logger":"a","level":"ERROR"},"message":"x"}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  [
    '{"timestamp":"2026-11-29T10:00:00.123Z","attributes":{"level":"warn"},"body":"x"}',
    'WARN 2026-11-29T10:00:00.123Z',
  ],
  ['{"time":"2026-11-29T10:00:00.123Z","severity":{"text":"WARN","number":13}}', 'WARN 2026-11-29T10:00:00.123Z'],
  [
    '{"text":"x","record":{"level":{"icon":"i","name":"ERROR","no":40},"time":{"repr":"x","timestamp":1795946400.123}}}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  ['{"ts":1795946400.1234567,"Level":"Warning","msg":"x"}', 'WARN 2026-11-29T10:00:00.123Z'],
  [
    '{"eventTime":"2026-11-29T10:00:00Z","eventName":"GetObject","errorCode":"AccessDenied"}',
    'NONE 2026-11-29T10:00:00.000Z',
  ],
  [
    '{"kind":"Event","level":"Metadata","requestReceivedTimestamp":"2026-11-29T10:00:00.123456Z","stageTimestamp":"2026-11-29T10:00:01.123456Z"}',
    'NONE 2026-11-29T10:00:00.123Z',
  ],
  [
    '{"timestamp":"2026-11-29 10:00:00.123 UTC","error_severity":"FATAL","message":"x"}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  ['{"@level":"error","@message":"x","@timestamp":"2026-11-29T10:00:00.123456Z"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    '{"instant":{"epochSecond":1795946400,"nanoOfSecond":123000000},"thread":"main","level":"WARN"}',
    'WARN 2026-11-29T10:00:00.123Z',
  ],
  ['{"timeMillis":1795946400123,"level":"WARN","message":"x"}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"asctime": "2026-11-29 10:00:00,123", "levelname": "WARNING"}', 'WARN 2026-11-29T10:00:00.123'],
  ['{"event": "x", "level": "info", "timestamp": "2026-11-29T10:00:00.123000Z"}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"date":1795946400.123,"level":"warn"}', 'WARN 2026-11-29T10:00:00.123Z'],
  [
    '{"startTime":1,"_meta":{"date":"2026-11-29T10:00:00.123Z","logLevelId":5,"logLevelName":"ERROR"}}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  [
    '{"calendarTime":"Sun Nov 29 10:00:00 2026 UTC","hostIdentifier":"h","severity":"2","unixTime":1795946400}',
    'ERROR 2026-11-29T10:00:00.000Z',
  ],
  ['{"time":"Sun, 29 Nov 2026 10:00:00 GMT","level":"info"}', 'INFO 2026-11-29T10:00:00.000Z'],
  ['{"level":"error","timestamp":"11/29/2026, 10:00:00 AM"}', 'ERROR month-first'],
  ['{"level":"error","timestamp":"Nov 29, 2026 10:00:00 AM"}', 'ERROR 2026-11-29T10:00:00.000'],
  ['{"time_local":"29/Nov/2026:11:00:00 +0100","status":"200"}', 'NONE 2026-11-29T10:00:00.000Z'],
  ['{"host":"h","time":"[29/Nov/2026:11:00:00 +0100]","statusCode":"200"}', 'NONE 2026-11-29T10:00:00.000Z'],
  ['{"TimeCreated":"/Date(1795946400123)/","Level":2,"ProviderName":"x"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    '{"datetime":{"date":"2026-11-29 10:00:00.123456","timezone_type":3,"timezone":"UTC"},"level":400}',
    'ERROR 2026-11-29T10:00:00.123',
  ],
  ['{"time":"2026-11-29T11:00:00.123+01:00[Europe/Berlin]","level":"INFO"}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"ts":1.795946400123E9,"level":"info"}', 'INFO 2026-11-29T10:00:00.123Z'],
  [
    '{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1795946400123000000","severityNumber":9,"severityText":"Information"},{"timeUnixNano":"1795946400124000000","severityNumber":17,"severityText":"Error"}]}]}]}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  // Numbers by their own scale
  ['{"level":30,"time":1795946400123,"v":0}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"level":3,"timestamp":1795946400.123,"version":"1.1"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"__REALTIME_TIMESTAMP":"1795946400123456","PRIORITY":"4","MESSAGE":"x"}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"timeUnixNano":"1795946400123000000","severityNumber":14}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"reqId":"a","level":1,"time":"2026-11-29T10:00:00.123Z","app":"core"}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"level":3,"time":"2026-11-29T10:00:00.123Z","app":"core","reqId":"a"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"level":2,"time":"2026-11-29T10:00:00.123Z","app":"core","reqId":"a"}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"levelno": 40, "time":"2026-11-29T10:00:00.123Z"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"levelno": 30, "time":"2026-11-29T10:00:00.123Z"}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"level":550,"level_name":"ALERT","time":"2026-11-29T10:00:00.123Z"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"level_value":40000,"time":"2026-11-29T10:00:00.123Z"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    '{"timestamp":"1795946400.123","source":"x","message":"x","log_level":2,"data":{}}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  ['{"timestamp":"2026-11-29T10:00:00.123Z","severityLevel":2}', 'WARN 2026-11-29T10:00:00.123Z'],
  ['{"context":{"logLevel":40},"message":"x","time":1795946400123}', 'WARN 2026-11-29T10:00:00.123Z'],
  // Loggers that need other fields to be told apart
  ['{"@t":"2026-11-29T10:00:00.123Z","@mt":"Listening on {Port}"}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"@t":"2026-11-29T10:00:00.123Z","@mt":"x","@l":"Fatal"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    '{"t":{"$date":"2026-11-29T10:00:00.123+00:00"},"s":"E",  "c":"STORAGE", "id":22435, "ctx":"thread2","msg":"x"}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  [
    '{"t":{"$date":"2026-11-29T10:00:00.123+00:00"},"s":"D2", "c":"REPL", "id":1, "ctx":"main"}',
    'DEBUG 2026-11-29T10:00:00.123Z',
  ],
  ['{"ts":1795946400123.4567,"caller":"a.go:1","msg":"x","v":4}', 'INFO 2026-11-29T10:00:00.123Z'],
  ['{"ts":1795946400123.4567,"caller":"a.go:1","msg":"x","err":"disk"}', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    '{"type":"log","@timestamp":"2026-11-29T10:00:00.123Z","tags":["error","plugins"],"pid":1}',
    'ERROR 2026-11-29T10:00:00.123Z',
  ],
  [
    '{ "prio" : 2, "time": "2026-11-29T10:00:00.123456Z", "label" : "Warning", "msg": "x" }',
    'WARN 2026-11-29T10:00:00.123Z',
  ],
  // Colors and brackets around a level
  ['{"level":"\\u001b[31merror\\u001b[39m","time":1795946400123}', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"level":"[WARN ]","time":1795946400123}', 'WARN 2026-11-29T10:00:00.123Z'],
  // Without a level, without a time, without both
  ['{"time":1795946400123,"status":"error","error":"ERROR"}', 'NONE 2026-11-29T10:00:00.123Z'],
  ['{"level":"error"}', 'ERROR none'],
  ['{"nested":{"time":1795946400123,"level":"error"}}', 'NONE none'],
  ['{"time":12}', 'NONE none'],
  ['{}', 'NONE none'],
  // Blanks, escapes, values of any kind
  ['{\t"level" : "error" ,\t"time" :\t1795946400123 } ', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"msg":"\\"level\\":\\"error\\\\","time":1795946400123,"level":"info"}', 'INFO 2026-11-29T10:00:00.123Z'],
  [
    '{"a":null,"b":[1,[2,"]"],{"level":"error"}],"c":true,"time":1795946400123,"level":"info"}',
    'INFO 2026-11-29T10:00:00.123Z',
  ],
  // Cut or broken: the part before counts
  ['{"time": 1795946400123, "level": "error", "msg": "xxxxx', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['{"msg":"x","level":"error","time":17959464', 'ERROR none'],
  ['{"time":1795946400123,"level":"error","msg":"he said "x""}', 'ERROR 2026-11-29T10:00:00.123Z'],
];

/** Logfmt lines for tests and docs, with their level and time; `none` without a time. */
export const logfmtSamples: readonly (readonly [line: string, levelAndTime: string])[] = [
  ['ts=2026-11-29T10:00:00.123Z level=warn msg="a \\"level=error\\" b" x=', 'WARN 2026-11-29T10:00:00.123Z'],
  ['level="error" time="2026-11-29T11:00:00.123+01:00"', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['t=2026-11-29T11:00:00.123+0100 lvl=eror msg="x"', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['level=error ts=1795946400.123 caller=main.go:1 msg=x', 'ERROR 2026-11-29T10:00:00.123Z'],
  [
    'logger=context userId=1 t=2026-11-29T10:00:00.123Z level=info msg="Request Completed" status=302',
    'INFO 2026-11-29T10:00:00.123Z',
  ],
  ['time=2026-11-29T10:00:00.123Z level=ERROR msg="x"', 'ERROR 2026-11-29T10:00:00.123Z'],
  ['at=error code=H10 desc="App crashed" method=GET path="/"', 'ERROR none'],
  ['level=info msg=started port=1', 'INFO none'],
  ['level=info msg=started server', 'INFO none'],
  ['time="2026-11-29T10:00:00.123Z" level=info msg="cut he', 'INFO 2026-11-29T10:00:00.123Z'],
  ['ts=1795946400.123 something level=error', 'NONE 2026-11-29T10:00:00.123Z'],
];
