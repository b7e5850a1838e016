import type { Config } from '../config';
import type { Io } from '../io';
import type { Access } from '../web/access';
import { isLoopback } from '../web/server';
import { readSecret } from './receivers';

/**
 * Who may see the pages; null: anyone who reaches them. Warns when that is more than this machine.
 * @throws CONFIG when a secret cannot be read
 */
export function webAccess({ host, auth }: Config['web'], { log }: Pick<Io, 'log'>, env = process.env): Access | null {
  const read = (key: 'password' | 'token'): ReturnType<typeof readSecret> =>
    readSecret({ value: auth[key], file: auth[`${key}File`], env: auth[`${key}Env`] }, `web.auth.${key}`, env);
  const [password, token] = [read('password'), read('token')];
  const login = auth.user === null || password === null ? null : { user: auth.user, password };
  if (login !== null || token !== null) return { login, token, openMetrics: auth.openMetrics };
  if (!isLoopback(host))
    log.warn('the pages show log lines to everyone who reaches this address; set web.auth', { host });
  return null;
}
