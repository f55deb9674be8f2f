import { request } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Server {
  readonly caPem: string;
  readonly port: number;
  /** Name by which it is asked; an address of this machine when left out. */
  readonly host?: string;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks a server on this machine over HTTPS, under whatever name: nothing is looked up. */
export function ask(path: string, server: Server, sending: Sending = {}): Promise<Answer> {
  const { caPem, port, host } = server;
  const { method = 'GET', headers, body } = sending;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const named = host === undefined ? {} : { servername: host };
  const sent = request({
    ...{ host: '127.0.0.1', port, path, method, ca: caPem, agent: false, ...named },
    headers: { ...headers, ...(host === undefined ? {} : { host: `${host}:${port}` }) },
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      resolve({ status: response.statusCode ?? 0, body: text });
    });
  });
  sent.end(body);
  return promise;
}
