import { TelltaleError } from '../../../src/errors';
import { humanLine, jsonLine, type LogEntry } from '../../../src/log';

const entry = (message: string, fields: LogEntry['fields'] = {}): LogEntry => ({
  time: new Date('2026-11-21T10:18:02.123Z'),
  level: 'warn',
  message,
  fields,
});

describe('a log line', () => {
  it('is short for people', () => {
    const fields = { source: 'b/logs/a.log', offset: 12, why: 'two words', empty: '', list: [1], nothing: undefined };
    expect(humanLine(entry('object changed', fields))).toBe(
      '10:18:02 warn  object changed source=b/logs/a.log offset=12 why="two words" empty="" list=[1] nothing=null',
    );
  });

  it('is one JSON object for machines, in which no field replaces a fixed name', () => {
    expect(JSON.parse(jsonLine(entry('hello', { level: 'x', message: 'y', time: 0, n: 10n })))).toEqual({
      time: '2026-11-21T10:18:02.123Z',
      level: 'warn',
      message: 'hello',
      n: '10',
    });
  });

  it('names the code of an error', () => {
    const error = new TelltaleError('NO_PRODUCER', 'none runs');
    expect(humanLine(entry('failed', { error }))).toContain('error="NO_PRODUCER: none runs"');
    expect(jsonLine(entry('failed', { error: new TypeError('x') }))).toContain('"error":"TypeError: x"');
  });

  it.each(['a\nb', 'a\u001b[2Jb', 'a\u009bb', 'a\u2028b', 'a\u202eb', 'a\u007fb'])(
    'stays one inert line with %j',
    (text) => {
      for (const line of [humanLine(entry(text, { key: text })), jsonLine(entry(text, { [text]: text }))]) {
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
      }
      expect(JSON.parse(jsonLine(entry(text, { key: text })))).toMatchObject({ message: text, key: text });
    },
  );

  it('redacts secrets at any depth', () => {
    const fields = { authToken: 's3cr3t', request: { Authorization: 's3cr3t', key: 'logs/a.log' } };
    for (const line of [humanLine(entry('x', fields)), jsonLine(entry('x', fields))]) {
      expect(line).not.toContain('s3cr3t');
      expect(line).toContain('logs/a.log');
    }
  });

  it('survives circular values', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(humanLine(entry('x', { circle }))).toContain('[circular]');
  });
});
