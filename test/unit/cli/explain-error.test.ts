import { explainError } from '../../../src/cli/explain-error';
import { TelltaleError } from '../../../src/errors';

describe('explainError', () => {
  it.each([
    ['CONFIG', 2],
    ['DISK_FULL', 1],
  ] as const)('is its sentence and the exit code of %s', (code, exitCode) => {
    expect(explainError(new TelltaleError(code, 'what, where'), false)).toEqual({
      lines: ['telltale: what, where'],
      exitCode,
    });
  });

  it.each([
    ['The signal was refused.', 'telltale: the signal was refused.'],
    ['Kafka does not answer.', 'telltale: Kafka does not answer.'],
  ])('begins %j with a small letter after the name of the program, unless it is a name', (message, line) => {
    expect(explainError(new TelltaleError('CONFIG', message), false).lines).toEqual([line]);
  });

  it('prints one line and advice for an unexpected error', () => {
    const expected = 'telltale: unexpected error: boom; run again with --verbose for the details';
    expect(explainError(new Error('boom'), false)).toEqual({ lines: [expected], exitCode: 1 });
  });

  it('says what to do about a fault of the file system that no part expects', () => {
    const fault = (syscall: string, path?: string): Error =>
      Object.assign(new Error('x'), { code: 'EMFILE', syscall, path });
    const remedy = '(EMFILE): this process has too many open files; raise the limit (ulimit -n).';
    expect(explainError(fault('open', '/a'), false).lines).toEqual([`telltale: cannot open /a ${remedy}`]);
    expect(explainError(fault('read'), false).lines).toEqual([`telltale: cannot read ${remedy}`]);
  });

  it('shows stack and causes when verbose', () => {
    const { lines } = explainError(new TelltaleError('EVENT_LOG', 'what', { cause: new Error('why') }), true);
    expect(lines.join('\n')).toMatch(/explain-error\.test\.ts[^]*Error: why/);
  });

  it("escapes characters that move the terminal's cursor", () => {
    expect(explainError(new Error('\u001b[2J\u202e\r'), false).lines[0]).toContain('\\u001b[2J\\u202e\\u000d');
  });
});
