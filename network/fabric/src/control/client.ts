import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { type ControlRequest, controlAnswer } from './messages.ts';
import { controlSocket } from './socket-path.ts';

/** The network's process refused, or went away while it was at work. */
export class ControlError extends Error {
  override readonly name: string = 'ControlError';
}

/** Nothing listens for commands in that folder. */
export class NetworkNotRunningError extends ControlError {
  override readonly name = 'NetworkNotRunningError';
}

/**
 * Asks the running network of that folder to do something.
 *
 * @param onStep told of every step that is done.
 * @throws ControlError when it does not run, refuses, or fails.
 */
export async function askNetwork(
  dataDir: string,
  request: ControlRequest,
  onStep: (step: string, tookMs: number) => void = () => undefined,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(controlSocket(dataDir));
    socket.once('error', () => {
      reject(new NetworkNotRunningError('The network is not running. Start it first with: up'));
    });
    const lines = createInterface({ input: socket });
    // The socket's own error comes here, too.
    lines.once('error', () => undefined);
    lines.on('line', (line) => {
      const message = controlAnswer.parse(JSON.parse(line));
      if (message.type === 'step') onStep(message.step, message.tookMs);
      else if (message.type === 'done') resolve();
      else reject(new ControlError(message.message));
    });
    lines.once('close', () => {
      reject(new ControlError(`The network ended before "${request.ask}" was done. See: status`));
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
