/** Domains that end the name of a host, also when the name has one dot only. */
const domains = new Set([
  'com',
  'org',
  'net',
  'edu',
  'gov',
  'mil',
  'info',
  'biz',
  'local',
  'internal',
  'lan',
  'localdomain',
  'intranet',
  'corp',
  'arpa',
  'test',
  'invalid',
]);

/** Domains that also end file names, classes and settings: the name needs two dots and a digit or hyphen, or a known domain before it. */
const countries =
  /^(?:ac|ar|at|au|be|bg|br|ca|ch|cl|cn|co|cz|de|dk|ee|es|eu|fi|fr|gr|hk|hu|ie|il|in|io|ir|is|it|jp|kr|lt|lv|mx|my|nl|no|nz|ph|pk|pl|pt|ro|ru|se|sg|sk|th|tr|tw|ua|uk|us|vn|za|cloud|dev|app|aws|svc|tv|me|cc|ws|nu|info)$/;

/** True for the name of a host in a domain, with a port or without: `db-1.acme.com:5432`, not `java.lang.Error` or `app.log`. */
export function isHostName(word: string): boolean {
  if (word.length > 253 || !shape.test(word)) return false;
  const port = word.indexOf(':');
  const name = port < 0 ? word : word.slice(0, port);
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  const first = labels[0] ?? '';
  // Java and Android name packages from the domain down.
  if (domains.has(first) || first === 'java' || first === 'javax' || first === 'android') return false;
  if (domains.has(last)) return true;
  return labels.length >= 3 && countries.test(last);
}

const shape = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?$/;
