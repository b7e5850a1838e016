import { alertmanagerSender } from '../../../src/adapters/receivers/json-senders';
import { renderersOf } from '../../../src/pipelines/level-alerts/messages/renderers';
import type { Sending } from '../../../src/ports/delivery';
import type { Transition } from '../../../src/pipelines/level-alerts/alerting/mail-report';
import { Secret } from '../../../src/secret';
import { senderContract } from '../../contract/sender';
import { freePort } from '../../support/kafka';
import { runScript, type ScriptServer } from '../../support/script-server';
import { report } from '../../unit/level-alerts/mail/sample-reports';

let server: ScriptServer;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  server = await runScript('run-alertmanager', ['--port', `${port}`], 'Alertmanager is ready');
  url = `http://127.0.0.1:${port}`;
}, 120_000);
afterAll(() => server.stop());

const to: Sending = { id: 'm-1', target: { receiver: 'am', address: null }, attempt: 1, possibleRepeat: false };
const render = renderersOf({ mail: { from: 'a@x', to: ['b@x'], zone: 'UTC', redact: true } });
const alert = (incident: string, transition: Transition): object =>
  render.alert(report({ incident, transition }), { possibleRepeat: false, now: Date.now() });

interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly endsAt: string;
}

/** The alerts that it has and that are not over. */
async function active(incident: string): Promise<readonly Shown[]> {
  const filter = encodeURIComponent(`incident="${incident}"`);
  const response = await fetch(`${url}/api/v2/alerts?active=true&filter=${filter}`);
  return (await response.json()) as readonly Shown[];
}

let incidents = 0;
senderContract('an Alertmanager', () => {
  const incident = `contract-${incidents++}`;
  const payload = [alert(incident, 'opened')];
  const open = (at: string): ReturnType<typeof alertmanagerSender> =>
    alertmanagerSender({ name: 'am', url: new Secret(at) });
  let sender = open(url);
  let sent = 0;
  return Promise.resolve({
    payload,
    to,
    sender: {
      send: async (alerts: readonly object[], sending) => {
        const id = await sender.send(alerts, sending);
        sent += 1;
        return id;
      },
      close: () => sender.close(),
    },
    // It has one alert for an incident, however often it is sent.
    taken: async () => {
      const shown = await active(incident);
      return Array.from({ length: shown.length * sent }, () => to.id);
    },
    refuse: () => Promise.resolve(void payload.splice(0, 1, { labels: { 'a label': 'x' }, startsAt: 'never' })),
    throttle: null,
    goDown: async () => {
      sender = open(`http://127.0.0.1:${await freePort()}`);
    },
    secrets: [],
    close: () => Promise.resolve(),
  });
});

describe('an alert at a real Alertmanager', () => {
  const sender = (): ReturnType<typeof alertmanagerSender> => alertmanagerSender({ name: 'am', url: new Secret(url) });

  it('has labels, lines and patterns, stays for a day, and ends when its incident is resolved', async () => {
    await sender().send([alert('i-1', 'opened')], to);
    const [shown] = await active('i-1');
    expect(shown?.labels).toEqual({
      alertname: 'Telltale errors',
      rule: 'errors',
      level: 'error',
      severity: 'error',
      hosts: 'all',
      incident: 'i-1',
    });
    expect(shown?.annotations).toMatchObject({
      summary: '[errors] 37 errors in 1 min on payments-3: Connection to <ip> refused',
      patterns: '37  Connection to <ip> refused',
      lines: expect.stringContaining('no route to host') as string,
    });
    expect(Date.parse(shown?.endsAt ?? '') - Date.now()).toBeGreaterThan(23 * 3_600_000);
    await sender().send([alert('i-1', 'reminder')], to);
    expect(await active('i-1')).toHaveLength(1);
    await sender().send([alert('i-1', 'resolved')], to);
    expect(await active('i-1')).toEqual([]);
  });

  it('ends although a refresh arrives after its end, once the end is repeated', async () => {
    await sender().send([alert('i-2', 'opened')], to);
    const late = alert('i-2', 'opened');
    await sender().send([alert('i-2', 'resolved')], to);
    await sender().send([late], to);
    expect(await active('i-2')).toHaveLength(1);
    await sender().send([alert('i-2', 'resolved')], to);
    expect(await active('i-2')).toEqual([]);
  });
});
