import { schedule, type ScheduledTask } from 'node-cron';
import type { Logger } from '../log';

/**
 * Runs a task on a cron schedule until it is destroyed. node-cron prints to standard output and standard error when a
 * tick comes late: here its messages are log events.
 */
export function onSchedule(expression: string, task: () => unknown, log: Logger): ScheduledTask {
  const tell =
    (level: 'warn' | 'debug') =>
    (message: string | Error): void =>
      log[level]('schedule', { schedule: expression, detail: message instanceof Error ? message.message : message });
  const logger = { error: tell('warn'), warn: tell('warn'), info: tell('debug'), debug: tell('debug') };
  return schedule(expression, task, { logger });
}
