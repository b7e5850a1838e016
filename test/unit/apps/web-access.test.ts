import { webAccess } from '../../../src/apps/web-access';
import { collectingIo, configWith } from '../../support/in-process';

const opened = (env: NodeJS.ProcessEnv, ...set: string[]) => {
  const io = collectingIo();
  const access = webAccess(configWith(...set).web, io, env);
  return { access, warnings: io.logged.map(({ message, fields }) => [message, fields]) };
};

describe('webAccess', () => {
  it.each(['127.0.0.1', '127.8.0.1', '::1', 'localhost', 'telltale.localhost'])('says nothing on %s', (host) => {
    expect(opened({}, `web.host=${host}`)).toEqual({ access: null, warnings: [] });
  });

  it.each(['0.0.0.0', '::', '10.0.0.7', 'telltale.example.com'])('warns on %s without a login', (host) => {
    const warning = 'the pages show log lines to everyone who reaches this address; set web.auth';
    expect(opened({}, `web.host=${host}`)).toEqual({ access: null, warnings: [[warning, { host }]] });
  });

  it('reads the login and the token, and says nothing then', () => {
    const set = ['web.host=0.0.0.0', 'web.auth.user=ops', 'web.auth.passwordEnv=P', 'web.auth.tokenEnv=T'];
    const { access, warnings } = opened({ P: 'one', T: 'two' }, ...set);
    expect(access?.login?.password.reveal()).toBe('one');
    expect([access?.login?.user, access?.token?.reveal(), access?.openMetrics]).toEqual(['ops', 'two', false]);
    expect(warnings).toEqual([]);
  });

  it('refuses to start without the secret: the pages would be open', () => {
    expect(() => opened({}, 'web.auth.user=ops', 'web.auth.passwordEnv=P')).toThrow(
      'web.auth.passwordEnv: the environment variable P is not set',
    );
  });
});
