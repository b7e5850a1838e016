import type { LogLevel } from './log';

/**
 * Every decision that changes which lines are counted, or whether a mail is sent. Each is one structured log event and one
 * counter, so that a line can be followed from upload to mail (docs/troubleshooting.md).
 *
 * An event's text is fixed; its details are fields. Routine decisions are logged at debug.
 */
interface Decision {
  /** The log event. */
  readonly event: string;
  readonly level: LogLevel;
  /** Labels are job and reason, never source: their number stays small. */
  readonly counter: `telltale_${string}_total`;
  /** Description of the counter. */
  readonly help: string;
}

export const decisions = {
  // Which files are uploaded.
  notUploaded: {
    event: 'log file not uploaded',
    level: 'warn',
    counter: 'telltale_uploads_failed_total',
    help: 'Log files and folders of hosts that could not be uploaded. The next runs try again; each fault of each is logged once.',
  },
  fileNotRead: {
    event: 'log file not read',
    level: 'warn',
    counter: 'telltale_files_not_read_total',
    help: 'Log files and folders that telltale watch cannot read, and paths that match no file at its start. The next checks try again; each fault of each is logged once.',
  },
  fileLeftOut: {
    event: 'log file left out',
    level: 'info',
    counter: 'telltale_files_left_out_total',
    help: 'Rotated, compressed, temporary and hidden files of hosts that are not logs of their own.',
  },
  // Which objects are read.
  objectSkipped: {
    event: 'object skipped',
    level: 'debug',
    counter: 'telltale_objects_skipped_total',
    help: 'Objects that a listing named and ingest.include, exclude or since leaves out.',
  },
  signalRefused: {
    event: 'signal refused',
    level: 'debug',
    counter: 'telltale_signals_refused_total',
    help: 'Signals that named a bucket or key that this producer does not read.',
  },
  listingInterrupted: {
    event: 'listing interrupted',
    level: 'warn',
    counter: 'telltale_listings_interrupted_total',
    help: 'Listings of the bucket that the object store interrupted.',
  },
  // How an object is read.
  firstRead: {
    event: 'source read for the first time',
    level: 'info',
    counter: 'telltale_first_reads_total',
    help: 'Sources that were read for the first time.',
  },
  notCompressed: {
    event: 'object is not compressed, although its name says so',
    level: 'warn',
    counter: 'telltale_not_compressed_total',
    help: 'Sources whose name ends as that of a compressed file, and whose content is text: it is read as text.',
  },
  appended: {
    event: 'object appended',
    level: 'debug',
    counter: 'telltale_appends_total',
    help: 'Objects that continue the content read before, by how that was proven.',
  },
  rewritten: {
    event: 'object rewritten',
    level: 'info',
    counter: 'telltale_rewrites_total',
    help: 'Objects that replace the content read before, and start a generation.',
  },
  versionSkipped: {
    event: 'version skipped',
    level: 'info',
    counter: 'telltale_versions_skipped_total',
    help: 'Versions of objects that were not read.',
  },
  held: {
    event: 'unterminated last line held',
    level: 'debug',
    counter: 'telltale_tails_held_total',
    help: 'Unterminated last lines that wait for their terminator.',
  },
  cut: {
    event: 'line cut',
    level: 'info',
    counter: 'telltale_lines_cut_total',
    help: 'Lines that were published in part.',
  },
  possibleGap: {
    event: 'content may be missing',
    level: 'warn',
    counter: 'telltale_possible_gaps_total',
    help: 'Times that content may have been lost between two reads.',
  },
  quarantined: {
    event: 'object quarantined: it cannot be read',
    level: 'warn',
    counter: 'telltale_quarantined_total',
    help: 'Objects that cannot be read.',
  },
  // Lines and bytes that are not counted.
  repeatedLines: {
    event: 'repeated lines not counted',
    level: 'info',
    counter: 'telltale_repeated_lines_total',
    help: 'Lines that an earlier generation had already: they are kept in their topic, and not counted.',
  },
  oldLinesCounted: {
    event: 'old lines of a rewritten object counted: they differ from those read before',
    level: 'warn',
    counter: 'telltale_old_lines_total',
    help: 'Lines of a rewritten object that are not newer than all lines before, and were not read before as they are now: edited lines count again.',
  },
  linesNotUnderstood: {
    event: 'lines not understood',
    level: 'debug',
    counter: 'telltale_unparsed_lines_total',
    help: 'Lines that match no format and continue no record: they are in no count of a level.',
  },
  linesDoubtful: {
    event: 'lines perhaps not understood: they continue a record without indent',
    level: 'debug',
    counter: 'telltale_doubtful_lines_total',
    help: 'Lines without indent that continue a record and belong to no stack trace: perhaps another program wrote them.',
  },
  sourceNotUnderstood: {
    event: 'source not understood: telltale check FILE shows the forms found, and proposes a format for ingest.sources',
    level: 'warn',
    counter: 'telltale_sources_not_understood_total',
    help: 'Times that more than a fifth of the lines of a source turned out not to be understood, or perhaps not (reason no-indent).',
  },
  sketchIncomplete: {
    event: 'sketch incomplete: repeated lines may count again',
    level: 'warn',
    counter: 'telltale_sketch_blocks_missing_total',
    help: 'Records of topic sketches that are missing: lines that were read before may be counted again.',
  },
  bytesDropped: {
    event: 'bytes dropped',
    level: 'info',
    counter: 'telltale_bytes_dropped_total',
    help: 'Bytes that are in no line: a byte order mark, bytes beyond ingest.maxLineBytes, and NULs before a line that would be longer with them.',
  },
  // Records that a job does not fold.
  recordsLost: {
    event: 'records were deleted before they were folded',
    level: 'error',
    counter: 'telltale_records_lost_total',
    help: 'Offsets of an input that retention deleted before a job had folded them.',
  },
  recordUnreadable: {
    event: 'record left out: it cannot be read',
    level: 'error',
    counter: 'telltale_records_unreadable_total',
    help: 'Records of an input that a job cannot read, and leaves out.',
  },
  messageSuppressed: {
    event: 'message not written: its time is before the event log was rebuilt, and it may have been sent',
    level: 'info',
    counter: 'telltale_messages_suppressed_total',
    help: 'Incidents that ended before the event log was rebuilt, and get no mail: an earlier event log may have had it.',
  },
  ruleWithoutHosts: {
    event: 'the hosts of a rule match no known host',
    level: 'warn',
    counter: 'telltale_rules_without_hosts_total',
    help: 'Rules whose `origins` match none of the hosts that are known when the windows were read after a start: correct the glob under rules.',
  },
  clockDoubted: {
    event: 'the clock is far from the time of a job',
    level: 'warn',
    counter: 'telltale_clock_doubted_total',
    help: 'Times at which the clock was an hour or more from the time of a job: it is believed after ten minutes.',
  },
  batchUnreadable: {
    event: 'record batch quarantined: it cannot be read',
    level: 'error',
    counter: 'telltale_batches_unreadable_total',
    help: 'Record batches that cannot be read: damaged, or in an encoding that is not read. Jobs leave them out.',
  },
  eventLogDamaged: {
    event: 'event log damaged: stop the programs, and run telltale repair',
    level: 'error',
    counter: 'telltale_event_log_damaged_total',
    help: 'Starts that found the structure of the embedded event log damaged.',
  },
  // Deliveries of messages.
  delivered: {
    event: 'delivered',
    level: 'info',
    counter: 'telltale_deliveries_total',
    help: 'Messages that were delivered.',
  },
  deliveryRefused: {
    event: 'delivery refused permanently',
    level: 'error',
    counter: 'telltale_deliveries_refused_total',
    help: 'Messages that a receiver refused: they are not sent again.',
  },
  deliveryRetried: {
    event: 'delivery failed, to be retried',
    level: 'warn',
    counter: 'telltale_deliveries_retried_total',
    help: 'Attempts to deliver a message that failed and are retried after a pause.',
  },
  messageUnreadable: {
    event: 'message not understood; run the version of Telltale that wrote it',
    level: 'error',
    counter: 'telltale_messages_unreadable_total',
    help: 'Messages in an outbox that this version does not understand.',
  },
  receiverUnknown: {
    event: 'message waits: its receiver or address is not configured',
    level: 'error',
    counter: 'telltale_receivers_unknown_total',
    help: 'Messages that wait for a receiver or address that the configuration no longer has.',
  },
  // Retries and stops.
  readRetried: {
    event: 'reading failed, to be retried',
    level: 'warn',
    counter: 'telltale_reads_retried_total',
    help: 'Readings that failed and are retried after a pause.',
  },
  sourceBlocked: {
    event: 'source blocked',
    level: 'error',
    counter: 'telltale_sources_blocked_total',
    help: 'Sources that are not read: their checkpoint cannot be decoded, or no pipeline reads their topic.',
  },
  jobHeld: {
    event: 'job held: it cannot continue from its state',
    level: 'error',
    counter: 'telltale_jobs_held_total',
    help: 'Times that a job or delivery began to wait for telltale reset or telltale repair, while the others continue.',
  },
  restarted: {
    event: 'publisher restarted',
    level: 'warn',
    counter: 'telltale_restarts_total',
    help: 'Times that a job started over from the last commit.',
  },
  fenced: {
    event: 'fenced by another instance',
    level: 'warn',
    counter: 'telltale_fenced_total',
    help: 'Times that another instance took over.',
  },
} as const satisfies Record<string, Decision>;

export type DecisionName = keyof typeof decisions;
export type CounterName = (typeof decisions)[DecisionName]['counter'];
