import { openMail } from '../apps/compose';
import { openDataFolder } from '../apps/data-folder';
import { partsOf } from '../apps/parts';
import { deliveryAdvice } from '../apps/receiver-advice';
import { openReceivers } from '../apps/receivers';
import { testRenderers, type TestMessage } from '../apps/test-message';
import type { Config } from '../config';
import { TelltaleError, isTelltaleError } from '../errors';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { advise } from '../nearest';
import { systemClock } from '../ports/clock';
import { targetsAt, type Receiver } from '../stream/receivers';
import { targetName, type Target } from '../stream/target';

/** `telltale receivers list`: the configured receivers, and where each sends. */
export function printReceivers(config: Config, { json }: { readonly json: boolean }, { out }: Pick<Io, 'out'>): number {
  for (const { name, kind, ...receiver } of receiversOf(config)) {
    const to = 'to' in receiver ? receiver.to : [];
    const line = json
      ? JSON.stringify({ type: 'receiver', name, kind, to })
      : [name, kind, to.join(', ')].filter((part) => part !== '').join('  ');
    out.write(`${escapeControls(line)}\n`);
  }
  return 0;
}

/**
 * `telltale receivers test`: sends a test message to each address of a receiver, for real, and explains each answer.
 * @returns the exit code: 1 when one of them was not accepted
 * @throws USAGE when there is no such receiver; CONFIG when its secret cannot be read
 */
export async function testReceiver(
  config: Config,
  { name, json }: { readonly name: string; readonly json: boolean },
  { out }: Pick<Io, 'out'>,
): Promise<number> {
  const receivers = receiversOf(config);
  const receiver = receivers.find((each) => each.name === name);
  if (receiver === undefined) {
    const names = receivers.map((each) => each.name);
    const advice = advise(name, names, `the receivers are ${names.join(', ')}`);
    throw new TelltaleError('USAGE', `there is no receiver ${JSON.stringify(name)}; ${advice}`);
  }
  const mailbox = {
    send: async (...mail: Parameters<Awaited<ReturnType<typeof openMail>>['send']>) =>
      (await openMail(openDataFolder(config.dataDir))).send(...mail),
  };
  const delivery = await openReceivers({ receivers, render: testRenderers }, mailbox, process.env, name);
  const at = systemClock.now();
  const message: TestMessage = { id: `test-${at}`, receiver: name, at };
  let exitCode = 0;
  try {
    for (const target of targetsAt([receiver])) {
      const result = await delivery.send(message, { id: message.id, target, attempt: 1, possibleRepeat: false }).then(
        (transportId): Result => ({ target, ok: true, transportId }),
        (error: unknown): Result => failureOf(error, receiver, target),
      );
      if (!result.ok) exitCode = 1;
      const lines = json ? [JSON.stringify(objectOf(result, receiver))] : linesOf(result);
      for (const line of lines) out.write(`${escapeControls(line)}\n`);
    }
  } finally {
    delivery.close();
  }
  return exitCode;
}

type Result =
  | { readonly target: Target; readonly ok: true; readonly transportId: string }
  | { readonly target: Target; readonly ok: false; readonly problem: string; readonly advice: string };

/** @throws any error that no sender throws on purpose */
function failureOf(error: unknown, receiver: Receiver, target: Target): Result {
  if (!isTelltaleError(error, 'DELIVERY_REFUSED') && !isTelltaleError(error, 'DELIVERY_FAILED')) throw error;
  const from = 'from' in receiver ? receiver.from : '';
  const fault = { kind: receiver.kind, reason: error.reason ?? '', text: error.message, from };
  return { target, ok: false, problem: error.message, advice: deliveryAdvice(fault) };
}

function objectOf({ target, ...result }: Result, { name, kind }: Receiver): object {
  return { type: 'receiver-test', receiver: name, kind, address: target.address, ...result };
}

function linesOf(result: Result): readonly string[] {
  const to = targetName(result.target);
  if (result.ok) return [`${to}: accepted (${result.transportId}); see whether it arrived`];
  return [`${to}: not accepted. ${result.problem}`, `  ${result.advice}`];
}

function receiversOf(config: Config): readonly Receiver[] {
  return partsOf(config).deliveries.flatMap(({ receivers }) => receivers);
}
