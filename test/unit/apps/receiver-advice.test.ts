import { deliveryAdvice, type DeliveryFault } from '../../../src/apps/receiver-advice';

const sandbox =
  'Receiver mail: SES answered MessageRejected: Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: ';

describe('deliveryAdvice', () => {
  it.each<[DeliveryFault['kind'], string, string, RegExp]>([
    ['ses', 'MessageRejected', `${sandbox}ops@example.com`, /^The account is in the sandbox/],
    ['ses', 'MessageRejected', `${sandbox}Telltale@Example.com, ops@example.com`, /^The address or domain of from/],
    ['ses', 'MailFromDomainNotVerifiedException', 'Domain is not verified', /^The address or domain of from/],
    ['ses', 'CredentialsProviderError', 'Could not load credentials', /^The AWS SDK found no credentials/],
    ['ses', 'Error', 'Region is missing', /^No region is set/],
    ['ses', 'ENOTFOUND', 'getaddrinfo email.eu-nowhere-1.amazonaws.com', /^SES has no address in this region/],
    ['ses', 'InvalidClientTokenId', 'invalid', /^AWS does not accept these credentials/],
    ['ses', 'SignatureDoesNotMatch', 'Signature expired: 20261130T is now earlier than', /^The clock of this machine/],
    ['ses', 'InvalidSignatureException', 'Signature not yet current', /^The clock of this machine/],
    ['ses', 'RequestTimeTooSkewed', '', /^The clock of this machine/],
    ['ses', 'SignatureDoesNotMatch', 'The request signature does not match', /^AWS does not accept these credentials/],
    ['ses', 'AccessDenied', 'not authorized', /^The credentials may not send/],
    ['ses', 'ConfigurationSetDoesNotExist', '', /^This region has no such configuration set/],
    ['ses', 'AccountSendingPausedException', '', /^AWS has stopped/],
    ['ses', 'DailyQuota', '', /^The daily quota/],
    ['ses', 'InvalidParameterValue', 'Missing final domain', /^An address is not valid/],
    ['smtp', 'ERR_TLS_CERT_ALTNAME_INVALID', '', /set host to a name/],
    ['slack', 'ERR_TLS_CERT_ALTNAME_INVALID', '', /in the URL\.$/],
    ['smtp', 'DEPTH_ZERO_SELF_SIGNED_CERT', '', /set ca to/],
    ['webhook', 'SELF_SIGNED_CERT_IN_CHAIN', '', /NODE_EXTRA_CA_CERTS/],
    ['webhook', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', '', /NODE_EXTRA_CA_CERTS/],
    ['webhook', 'CERT_HAS_EXPIRED', '', /has expired: renew it/],
    ['webhook', 'CERT_NOT_YET_VALID', '', /^The clock of this machine/],
    ['smtp', 'ETLS', '', /^The server does not offer STARTTLS/],
    ['webhook', 'ERR_SSL_WRONG_VERSION_NUMBER', '', /https or http/],
    ['webhook', 'EAI_AGAIN', '', /has no address/],
    ['webhook', 'ECONNREFUSED', '', /^Nothing takes connections/],
    ['smtp', 'EHOSTUNREACH', '', /no route/],
    ['alertmanager', 'ENETUNREACH', '', /no route/],
    ['smtp', 'ETIMEDOUT', 'Greeting never received', /use tls: implicit/],
    ['smtp', 'ETIMEDOUT', 'Connection timeout', /^No answer in time/],
    ['webhook', 'UND_ERR_CONNECT_TIMEOUT', '', /^No answer in time/],
    ['webhook', 'ECONNRESET', '', /closed the connection/],
    ['smtp', 'SMTP 535', '', /^The login failed/],
    ['smtp', 'SMTP 550', '5.7.1 Relaying denied', /does not pass on mail/],
    ['smtp', 'SMTP 550', '5.1.1 unknown', /refuses an address/],
    ['smtp', 'SMTP 451', 'greylisted', /refuses for now/],
    ['smtp', 'SMTP 554', 'spam', /its answer says why/],
    ['slack', 'HTTP 200', '<html>', /does not lead to an incoming webhook/],
    ['pagerduty', 'HTTP 400', 'routing_key', /does not accept the key/],
    ['webhook', 'HTTP 403', '', /clock of this machine/],
    ['alertmanager', 'HTTP 401', '', /user and password in the URL/],
    ['webhook', 'HTTP 429', '', /no more messages for now/],
    ['webhook', 'HTTP 418', '', /does not understand/],
    ['folder', '', 'any', /^The answer says why/],
  ])('answers %s %s (%s)', (kind, reason, text, advice) => {
    expect(deliveryAdvice({ kind, reason, text, from: 'Telltale <telltale@example.com>' })).toMatch(advice);
  });
});
