import fc from 'fast-check';
import { redact } from '../../src/redact';

describe('redact', () => {
  it.each([
    ['AKIAIOSFODNN7EXAMPLE used', '[redacted] used'],
    ['key=ASIAIOSFODNN7EXAMPLE', 'key=[redacted]'],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aws_secret_access_key = [redacted]'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic [redacted]'],
    ['"authorization":"Bearer abcdefgh"', '"authorization":"Bearer [redacted]"'],
    ['sent Bearer abc123-._~+/= to it', 'sent Bearer [redacted] to it'],
    ['got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s1gn-ature!', 'got [redacted]!'],
    ['cut off eyJhbGciOiJIUzI1NiJ9.eyJzd', 'cut off [redacted]'],
    ['password=hunter2, user=bob', 'password=[redacted], user=bob'],
    ['{"db_password": "a \\"quoted\\" one", "x": 1}', '{"db_password": [redacted], "x": 1}'],
    ["secret='two words' next", 'secret=[redacted] next'],
    ['GET /x?access_token=abc&page=2', 'GET /x?access_token=[redacted]&page=2'],
    ['X-Api-Key: 12345', 'X-Api-Key: [redacted]'],
    ['jdbc://app:s3cr3t@db:5432/pay', 'jdbc://app:[redacted]@db:5432/pay'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter',
      '-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----\nafter',
    ],
    ['-----BEGIN PRIVATE KEY----- MIIE cut', '-----BEGIN PRIVATE KEY-----[redacted]'],
    ['token ghp_0123456789abcdefghij0123456789abcdef', 'token [redacted]'],
    ['card 4111 1111 1111 1111 refused', 'card [redacted] refused'],
    ['card 4111-1111-1111-1111.', 'card [redacted].'],
    ['exp 2027 5555555555554444', 'exp 2027 [redacted]'],
    ['exp 2027 4111 1111 1111 1111', 'exp 2027 [redacted]'],
    ['amex 378282246310005', 'amex [redacted]'],
  ])('removes the secret from %j', (line, expected) => expect(redact(line)).toBe(expected));

  it.each([
    'Basic authentication failed for bob',
    'wrong password for user bob',
    'order 4111111111111112 has a wrong check digit',
    'at 1700000000003 ms, id 9999999999999995',
    'tokens: 512, latency 12 ms',
    'http://host:8080/path@2',
  ])('does not change %j', (line) => expect(redact(line)).toBe(line));

  it('stays fast when a line is built to slow it down', () => {
    const hostile = [
      '"'.repeat(4096),
      'password'.repeat(512),
      '1 '.repeat(2048),
      'a://'.repeat(1024),
      '-----BEGIN '.repeat(370),
    ];
    const start = performance.now();
    for (const line of hostile) redact(line);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('finds a password at every position', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z0-9]{6,20}$/), (before, password) => {
        const noQuotes = before.replace(/["'\\]/g, '');
        expect(redact(`${noQuotes} password=${password}`).endsWith(' password=[redacted]')).toBe(true);
      }),
    );
  });
});
