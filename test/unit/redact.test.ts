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
    ['{\\"user\\":\\"eve\\",\\"password\\":\\"Blau7Kraut\\"}', '{\\"user\\":\\"eve\\",\\"password\\":[redacted]}'],
    ['\\\\\\"token\\\\\\":\\\\\\"Blau7Kraut\\\\\\", x', '\\\\\\"token\\\\\\":[redacted], x'],
    ['headers: Set-Cookie: JSESSIONID=77AA88BB99; Path=/ end', 'headers: Set-Cookie: [redacted] end'],
    ['Cookie: a=b; c=d', 'Cookie: [redacted]'],
    ['GET /x;jsessionid=77AA88BB99?a=1', 'GET /x;jsessionid=[redacted]'],
    ['run --password Blau7Kraut --user eve', 'run --password [redacted] --user eve'],
    ['run --api-token=Blau7Kraut', 'run --api-token=[redacted]'],
    ['curl -u eve:Blau7Kraut https://pay.test/', 'curl -u eve:[redacted] https://pay.test/'],
    ['mysqldump -h db -pBlau7Kraut shop', 'mysqldump -h db -p[redacted] shop'],
    ['sshpass -p Blau7Kraut ssh db', 'sshpass -p [redacted] ssh db'],
    ['postgres://eve:Bl@u7Kraut@db/shop', 'postgres://eve:[redacted]@db/shop'],
    ['<db><ns:dbPassword>Blau7Kraut</ns:dbPassword></db>', '<db><ns:dbPassword>[redacted]</ns:dbPassword></db>'],
    ['host=db user=eve pass=Blau7Kraut', 'host=db user=eve pass=[redacted]'],
    ['{"pass":"Blau7Kraut"}', '{"pass":[redacted]}'],
    ['GET /c?sv=2020&sig=aB3%3D&se=1', 'GET /c?sv=2020&sig=[redacted]&se=1'],
    ['AccountName=shop;AccountKey=Zm9v+/==;X=1', 'AccountName=shop;AccountKey=[redacted];X=1'],
    ['password: swordfish', 'password: [redacted]'],
    ['password: swordfish user: eve', 'password: [redacted] user: eve'],
    ['key sk-proj-Zz9Yy8Xx7Ww6Vv5Uu4', 'key [redacted]'],
    ['key sk-ant-api03-Zz9Yy8Xx7Ww6Vv5Uu4', 'key [redacted]'],
    ['glpat-Zz9Yy8Xx7Ww6Vv5Uu4, npm_Zz9Yy8Xx7Ww6Vv5Uu4', '[redacted], [redacted]'],
    ['SG.Zz9Yy8Xx7Ww6.Vv5Uu4Zz9Yy8Xx7Ww6 sk_live_Zz9Yy8Xx7W', '[redacted] [redacted]'],
    ['https://hooks.slack.com/services/T0/B0/Zz9Yy8Xx7', 'https://hooks.slack.com/services/[redacted]'],
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
    'invalid token: unexpected end',
    'bad password: too short.',
    'pwd=/srv/shop is not writable',
    '3 pass: 2 fail',
    'the cookie: expired',
    'sk-learn models and npm_config_cache',
    'http://host:8080/path@2',
  ])('does not change %j', (line) => expect(redact(line)).toBe(line));

  it('stays fast when a line is built to slow it down', () => {
    const hostile = [
      '"'.repeat(4096),
      'password'.repeat(512),
      '1 '.repeat(2048),
      'a://'.repeat(1024),
      '-----BEGIN '.repeat(370),
      'a://b:'.repeat(700),
      `a://b:${'@'.repeat(4096)}/`,
      'cookie: a=b;'.repeat(340),
      'mysql -'.repeat(580),
      '--password '.repeat(370),
      '<password'.repeat(450),
      '\\'.repeat(4096),
      `password:${'\\'.repeat(4096)}`,
      'token: a '.repeat(450),
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
