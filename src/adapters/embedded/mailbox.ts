import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';

import { TelltaleError } from '../../errors';
import type { SentMessage } from '../../stream/rebuilt-outbox';
import type { Clock } from '../../ports/clock';
import { systemClock } from '../../ports/clock';
import type { MailTransport, OutgoingMail } from '../../ports/mail-transport';
import { buildMime } from '../mime';
import { errnoOf, faultAndRemedy } from '../../errno';
import { openRegularFile } from './object-file';

/** A row of the mailbox page. */
export interface MailSummary {
  /** The file's name, for {@link Mailbox.read}. */
  readonly name: string;
  /** The mail's id. */
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** Time of sending, epoch milliseconds. */
  readonly sentAt: number;
  readonly size: number;
}

export interface Mailbox extends MailTransport {
  /** How many mails there are. */
  count(): Promise<number>;
  /** Mails, newest first, by the time in their names: `most` of them, without the first `from`. By default all. */
  list(from?: number, most?: number): Promise<MailSummary[]>;
  /**
   * One mail in its MIME form.
   * @param name a name from `list`; other values are never used as a path
   * @throws FILE_NOT_FOUND
   */
  read(name: string): Promise<Buffer>;
}

const mailName = /^\d{8}T\d{9}Z-[A-Za-z0-9_-]{1,100}\.eml$/;

/**
 * Opens a mailbox: a folder with one `.eml` file per mail, which any mail program opens.
 * @throws DATA_FOLDER when the folder cannot be created
 */
export async function openMailbox(folder: string, clock: Clock = systemClock): Promise<Mailbox> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const message = `Cannot create the mailbox ${folder}${faultAndRemedy(cause, 'make its folder writable')}`;
    throw new TelltaleError('DATA_FOLDER', message, { cause });
  }
  return new FolderMailbox(folder, clock);
}

const sentName = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-(.+)-[0-9a-f]{8}\.eml$/;

/**
 * The mails that a folder holds, oldest first, by their files' names: an event log that was lost cannot say which were
 * sent. None when there is no such folder.
 */
export async function sentMails(folder: string): Promise<readonly SentMessage[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new TelltaleError('DATA_FOLDER', `Cannot read the mailbox ${folder}${faultAndRemedy(error, '')}`, {
      cause: error,
    });
  });
  return names.sort().flatMap((name) => {
    const match = mailName.test(name) ? sentName.exec(name) : null;
    if (match === null) return [];
    const [, year, month, day, hours, minutes, seconds, ms, id = ''] = match;
    const sentAt = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`);
    return Number.isNaN(sentAt) ? [] : [{ id, transportId: name, sentAt }];
  });
}

/** Some pages of summaries. */
const MAX_SUMMARIES = 1_000;

class FolderMailbox implements Mailbox {
  /** Mails never change, so those that are shown again are parsed once. */
  private readonly summaries = new Map<string, MailSummary>();

  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {}

  async send(mail: OutgoingMail): Promise<string> {
    const now = this.clock.now();
    const raw = await buildMime(mail, now);
    const time = new Date(now).toISOString().replace(/[-:.]/g, '');
    const name = `${time}-${mail.id.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 60)}-${randomUUID().slice(0, 8)}.eml`;
    try {
      await writeAtomically(join(this.folder, name), raw);
    } catch (cause) {
      const remedy = faultAndRemedy(cause, 'check the disk and the permissions');
      const message = `Cannot write the mail ${name} to ${this.folder}${remedy}`;
      throw new TelltaleError('DELIVERY_FAILED', message, { cause });
    }
    return name;
  }

  async count(): Promise<number> {
    return (await this.names()).length;
  }

  async list(from = 0, most = Infinity): Promise<MailSummary[]> {
    const names = (await this.names()).sort().reverse();
    const summaries: MailSummary[] = [];
    for (const name of names.slice(from, from + most)) {
      const summary = this.summaries.get(name) ?? (await this.summarize(name));
      if (summary === null) continue;
      this.remember(summary);
      summaries.push(summary);
    }
    return summaries;
  }

  private async names(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => mailName.test(name));
  }

  private remember(summary: MailSummary): void {
    this.summaries.delete(summary.name);
    this.summaries.set(summary.name, summary);
    const [oldest] = this.summaries.keys();
    if (this.summaries.size > MAX_SUMMARIES && oldest !== undefined) this.summaries.delete(oldest);
  }

  async read(name: string): Promise<Buffer> {
    const mail = mailName.test(name) ? await this.load(name) : null;
    if (mail === null) {
      throw new TelltaleError('FILE_NOT_FOUND', `There is no mail ${JSON.stringify(name.slice(0, 160))}.`);
    }
    return mail;
  }

  private async summarize(name: string): Promise<MailSummary | null> {
    const raw = await this.load(name);
    if (raw === null) return null;
    const mail = await PostalMime.parse(raw);
    return {
      name,
      id: mail.headers.find(({ key }) => key === 'x-telltale-mail-id')?.value ?? '',
      from: mail.from?.address ?? '',
      to: (mail.to ?? []).map(({ address }) => address ?? ''),
      subject: mail.subject ?? '',
      sentAt: Date.parse(mail.date ?? ''),
      size: raw.length,
    };
  }

  /** Null when the mail was removed, and for a pipe or device, which would never end. */
  private async load(name: string): Promise<Buffer | null> {
    const file = await openRegularFile(join(this.folder, name));
    if (file === null) return null;
    try {
      return await file.handle.readFile();
    } finally {
      await file.handle.close();
    }
  }
}

async function writeAtomically(path: string, bytes: Buffer): Promise<void> {
  const beside = `${path}.part`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
}
