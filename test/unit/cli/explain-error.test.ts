import { explainError } from '../../../src/cli/explain-error';
import { TelltaleError } from '../../../src/errors';

describe('an error that ends the process', () => {
  it.each([
    ['CONFIG', 2],
    ['DISK_FULL', 1],
  ] as const)('is its sentence and the exit code of %s', (code, exitCode) => {
    expect(explainError(new TelltaleError(code, 'what, where'), false)).toEqual({
      lines: ['telltale: what, where'],
      exitCode,
    });
  });

  it('is one line and a hint when nobody expected it', () => {
    const expected = 'telltale: unexpected error: boom; run again with --verbose for the details';
    expect(explainError(new Error('boom'), false)).toEqual({ lines: [expected], exitCode: 1 });
  });

  it('shows its stack and causes when asked to', () => {
    const { lines } = explainError(new TelltaleError('EVENT_LOG', 'what', { cause: new Error('why') }), true);
    expect(lines.join('\n')).toMatch(/explain-error\.test\.ts[^]*Error: why/);
  });

  it('cannot move the cursor of the terminal', () => {
    expect(explainError(new Error('\u001b[2J\u202e\r'), false).lines[0]).toContain('\\u001b[2J\\u202e\\u000d');
  });
});
