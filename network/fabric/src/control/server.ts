import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { type ControlAnswer, type ControlRequest, controlRequest } from './messages.ts';
import { controlSocket } from './socket-path.ts';

/** A request is one short line. */
const MAX_REQUEST_BYTES = 64 * 1024;

/** Does what is asked. */
export type ControlHandler = (
  request: ControlRequest,
  onStep: (step: string, tookMs: number) => void,
) => Promise<void>;

export interface ControlServer {
  readonly close: () => Promise<void>;
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function answer(
  line: string,
  say: (a: ControlAnswer) => void,
  handle: ControlHandler,
): Promise<void> {
  try {
    const request = controlRequest.parse(JSON.parse(line));
    await handle(request, (step, tookMs) => {
      say({ type: 'step', step, tookMs });
    });
    say({ type: 'done' });
  } catch (error) {
    say({ type: 'failed', message: explain(error) });
  }
}

function serve(socket: Socket, handle: ControlHandler): void {
  // A client that went away does not stop what it asked for.
  socket.on('error', () => undefined);
  socket.on('data', () => {
    if (socket.bytesRead > MAX_REQUEST_BYTES) socket.destroy();
  });
  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined);
  lines.once('line', (line) => {
    const say = (message: ControlAnswer): void => {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
    };
    void answer(line, say, handle).then(() => socket.end());
  });
}

/** Listens for the commands of the network of that folder, for its owner only. */
export async function serveControl(
  dataDir: string,
  handle: ControlHandler,
): Promise<ControlServer> {
  const path = controlSocket(dataDir);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Left by a process that was killed: whether one runs is for the run file to say.
  await rm(path, { force: true });
  const server: Server = createServer((socket) => {
    serve(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: async () => {
      // Clients that still wait see the end of the process.
      server.close();
      await rm(path, { force: true });
    },
  };
}
