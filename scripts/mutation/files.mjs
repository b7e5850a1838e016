/**
 * The files that decide, in groups. A mutant of a file is tried against the tests of its group: those whose path begins with
 * one of `tests`.
 */
export const groups = {
  alerting: {
    files: [
      ...filesIn('src/pipelines/level-alerts/alerting', [
        'breached-windows',
        'decide',
        'decide-mails',
        'evaluate',
        'final-windows',
        'find-breaches',
        'incident-records',
        'incident-times',
        'incidents',
        'kept-windows',
        'outbox-records',
        'rule-sums',
        'rules',
        'reported-changes',
        'seen-patterns',
        'sliding-sums',
        'told',
        'told-incidents',
      ]),
      ...filesIn('src/pipelines/level-alerts/alerting/rule-kinds', [
        'new-pattern',
        'rate',
        'rule-kind',
        'share',
        'threshold',
      ]),
    ],
    tests: ['test/unit/level-alerts/alerting/'],
  },
  counting: {
    files: filesIn('src/pipelines/level-alerts/counting', [
      'count-errors',
      'count-lines',
      'counting',
      'counting-state',
      'evicted-ranges',
      'parse-window-record',
      'pattern-sums',
      'patterns',
      'placement',
      'samples',
      'state-records',
      'timers',
      'traces/at-frames',
      'traces/go',
      'traces/json-trace',
      'traces/libraries',
      'traces/php',
      'traces/python',
      'traces/ruby',
      'traces/rust',
      'traces/stack-trace',
      'traces/trace',
      'window',
    ]),
    tests: ['test/unit/level-alerts/counting/'],
  },
  append: {
    files: filesIn('src/ingestion', ['plan', 'proof', 'quarantine', 'reconcile', 'versions']),
    tests: ['plan', 'proof', 'quarantine', 'reconcile', 'versions'].map((name) => `test/unit/ingestion/${name}.test`),
  },
  progress: {
    files: filesIn('src/ingestion', ['checkpoint-record', 'progress']),
    tests: ['checkpoint-record', 'progress'].map((name) => `test/unit/ingestion/${name}.test`),
  },
  reading: {
    files: [
      ...filesIn('src/ingestion/ingest', ['decide', 'work-queue']),
      ...filesIn('src/ingestion/reader', ['decide', 'first-read', 'read-object', 'read-source', 'verify-append']),
    ],
    tests: ['test/unit/ingestion/ingest', 'test/unit/ingestion/work-queue', 'test/unit/ingestion/reader/'],
  },
  sums: {
    files: filesIn('src/ingestion', ['byte-sum', 'crc-combine', 'range-digester']),
    tests: ['crc-combine', 'proof', 'range-digester'].map((name) => `test/unit/ingestion/${name}.test`),
  },
  audit: {
    files: filesIn('src/ingestion/audit', ['audit', 'claim', 'topic-ledger']),
    tests: ['test/unit/ingestion/audit/'],
  },
  stream: {
    files: filesIn('src/stream', ['continue-from', 'delivery', 'head-envelope', 'outbox-records', 'rebuilt-outbox']),
    tests: ['test/unit/stream/'],
  },
  records: {
    files: filesIn('src/records', ['murmur2', 'record-batch', 'varints']),
    tests: ['test/unit/records/'],
  },
  dates: {
    files: filesIn('src/lines', [
      'date-order',
      'dates',
      'day-survey',
      'file-day',
      'name-dates',
      'number-dates',
      'time-of-day',
      'zones',
    ]),
    tests: ['test/unit/lines/'],
  },
};

function filesIn(folder, names) {
  return names.map((name) => `${folder}/${name}.ts`);
}
