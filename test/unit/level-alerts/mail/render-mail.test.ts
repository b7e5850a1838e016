import fc from 'fast-check';
import type { MailReport, Transition } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { contentOf, type MailView } from '../../../../src/pipelines/level-alerts/mail/content';
import { renderMail as layOut, type RenderedMail } from '../../../../src/pipelines/level-alerts/mail/render-mail';
import { report } from './sample-reports';
import { runs } from '../../../support/runs';

const view: MailView = { zone: 'UTC', redact: true, possibleRepeat: false };

/** A report that holds `text` wherever text from outside can stand. */
function holding(text: string, transition: Transition = 'opened'): MailReport {
  const many = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);
  const held = report({
    transition,
    id: text,
    incident: text,
    group: text,
    rule: { name: text, level: 'error', threshold: 1, window: 60_000, origins: text },
    patterns: many(30, { pattern: text, count: 1, isNew: true }),
    samples: many(9, { source: text, at: text, text }),
    origins: many(20, { origin: text, count: 1 }),
    notes: {
      incomplete: 1,
      continuation: 1,
      unparsed: 1,
      again: 1,
      future: 1,
      expired: 1,
      gaps: 1,
      lagging: many(30, text),
    },
  });
  const words = { worst: text, limit: text, condition: text, change: text, yaml: many(4, text) };
  return { ...held, rule: { ...held.rule, kind: text, words } };
}

function tags(html: string): string[] {
  return html.match(/<[^>]*>/g) ?? [];
}

/** The visible text of HTML, without white space. */
function readable(html: string): string {
  return html
    .replace(/<(style|title)>[\s\S]*?<\/\1>|<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&nbsp;|\s/g, '');
}

function renderMail(decided: MailReport, how: MailView): RenderedMail {
  return layOut(contentOf(decided, how));
}

describe('renderMail', () => {
  it('never turns text into a tag, an invisible character, or a second line of the subject', () => {
    const harmless = tags(renderMail(holding('x'), view).html);
    const nasty = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '&',
      '\n',
      '\r',
      '\0',
      '\x1b',
      '\u202e',
      '\u2028',
      '\ud800',
      '-->',
      '</pre>',
    );
    const text = fc
      .array(fc.oneof(nasty, fc.string({ unit: 'binary' })), { minLength: 1 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (hostile) => {
        const mail = renderMail(holding(hostile), view);
        expect(tags(mail.html)).toEqual(harmless);
        expect(mail.subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(mail.text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(mail.html).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
      { numRuns: runs(60) },
    );
  });

  it.each(['"'.repeat(5000), '\x00'.repeat(5000), '\n'.repeat(5000), '日'.repeat(5000), '\u{e0041}'.repeat(5000)])(
    'stays below 100 kB when every text is endless (case %#)',
    (text) => {
      const mail = renderMail(holding(text, 'digest'), { ...view, possibleRepeat: true });
      expect(Buffer.byteLength(mail.html)).toBeLessThan(90_000);
      expect(Buffer.byteLength(mail.text)).toBeLessThan(45_000);
      expect(Buffer.byteLength(mail.subject)).toBeLessThan(500);
    },
  );

  it('never repeats an attribute of a tag, because clients ignore the second one', () => {
    for (const tag of tags(renderMail(holding('x', 'digest'), { ...view, possibleRepeat: true }).html)) {
      const names = [...tag.matchAll(/\s([\w-]+)="[^"]*"/g)].map(([, name]) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('loads no resources and runs no scripts', () => {
    expect(renderMail(report(), view).html).not.toMatch(
      /<(img|link|script|iframe|form)|url\(|@import|https?:|\son\w+=/i,
    );
  });

  it('has the same content in both parts', () => {
    const both = { ...view, zone: 'Europe/Berlin', possibleRepeat: true };
    const mail = renderMail({ ...holding('some text', 'digest'), median: null }, both);
    const said = readable(mail.html);
    const lines = mail.text
      .split('\n')
      .filter((line) => !/^-+ ?$|^ +\d\d:\d\d /.test(line))
      .map((line) => line.replace(/^\s+(?:\d+ {2}(?:NEW )?|\| )?|^- /, '').replace(/\s{2,}/g, ' '));
    // The heading of the text part joins label, headline and limit in its own way, and the chart's its legend.
    for (const line of lines.slice(1).filter((each) => !each.startsWith('Errors per'))) {
      for (const word of line.split(' ')) expect(said).toContain(word);
    }
    expect(said).toContain('2026-11-2010:05–10:06UTC(11:05–11:06Europe/Berlin)');
  });

  it('shows the place of a line, and redacts the line unless configured otherwise', () => {
    const samples = [{ source: 'logs/app.log', at: '2:18204', text: 'ERROR password=hunter2\n\tat Pay.java:1' }];
    const hidden = renderMail(report({ samples }), view);
    expect(hidden.text).toContain(
      '  logs/app.log, byte 18204, generation 2\n    | ERROR password=[redacted]\n    |     at Pay.java:1',
    );
    expect(hidden.html).toContain('ERROR password=[redacted]\n    at Pay.java:1</pre>');
    expect(renderMail(report({ samples }), { ...view, redact: false }).text).toContain('password=hunter2');
  });

  it('compares the mean of the breached windows with the median of the hour before', () => {
    const breach = report().worst;
    const { text } = renderMail(
      report({
        breaches: [breach, breach],
        totals: { error: 40, warn: 10, info: 2408, debug: 30, none: 1 },
        median: { error: 0, warn: 5, info: 1000, debug: 30, none: 0 },
      }),
      view,
    );
    expect(text).toContain(
      [
        '  Level      Lines   A window   Usual     Change',
        '  ERROR         40         20       0        +20',
        '  WARN          10          5       5   as usual',
        '  INFO       2,408      1,204   1,000      +20 %',
        '  DEBUG         30         15      30      −50 %',
        '  no level       1        0.5       0       +0.5',
      ].join('\n'),
    );
  });

  it('marks breached windows in the chart of the text part', () => {
    expect(renderMail(report(), view).text).toContain(
      `  10:01   0   and 3 more windows\n  10:05  37 ! ${'█'.repeat(40)}\n`,
    );
  });

  it('shows the message of a JSON line, without the secrets that its escapes hide', () => {
    const text =
      '{"level":"error","time":"2026-11-20T10:05:12Z","msg":"<b>gone</b>\\u0020\\u0070assword=hunter2\\u001b"}';
    const mail = renderMail(report({ samples: [{ source: 'logs/a.log', at: '0:0', text }] }), view);
    expect(mail.text).toContain('    | 2026-11-20T10:05:12.000Z ERROR <b>gone</b> password=[redacted]');
    expect(mail.html).toContain('&#60;b&#62;gone');
    expect(mail.text + mail.html).not.toContain('hunter2');
  });

  it.each<[Partial<MailReport['notes']>, string]>([
    [{ unread: true }, 'Lines may still be unread: the producer has not said that everything is read.'],
    [{}, 'Every window is complete, and no host is behind.'],
    [{ incomplete: 2 }, '2 windows not complete yet: more lines may come.'],
    [{ lagging: ['a', 'b'] }, 'a and b are behind: the latest lines may be missing.'],
    [
      { gaps: 1 },
      'Lines may be missing: a log file was replaced, perhaps before its last lines were read. Run telltale audit to see which.',
    ],
    [{ gaps: 2 }, 'Lines may be missing: 2 times a log file was replaced, perhaps before its last lines were read.'],
    [{ expired: 1 }, '1 line too late for the window'],
    [{ unparsed: 12 }, '12 lines not understood: in no count of a level. Run telltale check on the file.'],
    [
      { notUnderstood: [{ source: 'web-1/app.log', at: '0:0', text: '<b>\u001b password=x1', unparsed: 1_200 }] },
      '1,200 lines of web-1/app.log, read since 10:05 UTC, not understood: in no count of a level. ' +
        'Run telltale check on the file. The first: <b>\\x1b password=[redacted]',
    ],
    [
      { notUnderstood: [{ source: 'a.log', at: '0:0', text: 'odd', unparsed: 1 }], otherNotUnderstood: 2 },
      '2 lines of other files, read since then, not understood.',
    ],
    [{ again: 40 }, '40 lines repeated by rewritten files, left out of the counts.'],
    [{ future: 2 }, '2 lines with a timestamp in the future.'],
    [{ continuation: 4102 }, '4,102 lines read as part of the record above them, as stack traces are.'],
  ])('adds a note for %j', (notes, said) => {
    const mail = renderMail(report({ notes: { ...report().notes, ...notes } }), view);
    expect(mail.text.replace(/\s+/g, ' ')).toContain(`- ${said}`);
    expect(readable(mail.html)).toContain(said.replace(/\s/g, ''));
  });

  it.each<Partial<MailReport['notes']>>([{ incomplete: 1 }, { lagging: ['a'] }, { gaps: 1 }])(
    'does not call the windows complete with %j',
    (notes) => {
      const mail = renderMail(report({ notes: { ...report().notes, ...notes } }), view);
      expect(mail.text).not.toContain('Every window is complete');
    },
  );

  it('contains a rule to paste that would not have mailed this incident', () => {
    expect(renderMail(report(), view).text).toContain(
      '  - name: "errors"\n        level: error\n        threshold: 37   # now 1\n',
    );
  });

  it('contains its id, and a remark when it may be a repeat', () => {
    expect(renderMail(report(), view).text).not.toContain('You may have this mail already');
    const repeat = renderMail(report(), { ...view, possibleRepeat: true });
    expect(repeat.text).toContain('You may have this mail already');
    expect(repeat.html).toContain('Mail m-5f0c2a91, incident i-77aa01.');
  });
});
