import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const Call = z.object({
  QueueUrl: z.string(),
  MessageBody: z.string().optional(),
  ReceiptHandle: z.string().optional(),
  MaxNumberOfMessages: z.number().optional(),
  VisibilityTimeout: z.number().optional(),
});
type Call = z.infer<typeof Call>;

interface Stored {
  readonly id: string;
  readonly body: string;
  hidden: boolean;
}

/** SQS (AWS JSON 1.0) and the IoT data plane over HTTP, for the unmodified clients. */
export class AwsEndpoint {
  readonly queues: Map<string, Stored[]> = new Map<string, Stored[]>();
  readonly published: { topic: string; qos: string | null; payload: unknown }[] = [];
  /** Answers the next calls with an error, by the end of their target or path. */
  readonly broken: Set<string> = new Set<string>();
  url = '';
  readonly #server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      const target = request.headers['x-amz-target'];
      const path = new URL(request.url ?? '', this.url);
      const name = typeof target === 'string' ? (target.split('.')[1] ?? '') : 'Publish';
      if (this.broken.has(name)) {
        response.statusCode = 400;
        response.setHeader('content-type', 'application/x-amz-json-1.0');
        response.end('{"__type":"InvalidParameterValueException"}');
        return;
      }
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(
        JSON.stringify(
          name === 'Publish'
            ? this.#publish(path, body)
            : this.#queue(name, Call.parse(JSON.parse(body))),
        ),
      );
    });
  });

  async start(): Promise<void> {
    this.url = await new Promise<string>((resolve, reject) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        if (address !== null && typeof address === 'object') {
          resolve(`http://127.0.0.1:${address.port}`);
        } else {
          reject(new Error('no port'));
        }
      });
    });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  bodies(queueUrl: string): unknown[] {
    return this.#of(queueUrl).map(({ body }) => JSON.parse(body) as unknown);
  }

  #of(queueUrl: string): Stored[] {
    const queue = this.queues.get(queueUrl) ?? [];
    this.queues.set(queueUrl, queue);
    return queue;
  }

  #publish(path: URL, body: string): object {
    this.published.push({
      topic: decodeURIComponent(path.pathname.replace('/topics/', '')),
      qos: path.searchParams.get('qos'),
      payload: JSON.parse(body) as unknown,
    });
    return {};
  }

  #queue(name: string, call: Call): object {
    const queue = this.#of(call.QueueUrl);
    const held = queue.find(({ id }) => id === call.ReceiptHandle);
    switch (name) {
      case 'SendMessage': {
        const body = call.MessageBody ?? '';
        queue.push({ id: randomUUID(), body, hidden: false });
        return { MessageId: randomUUID(), MD5OfMessageBody: md5(body) };
      }
      case 'ReceiveMessage': {
        const messages = queue.filter(({ hidden }) => !hidden).slice(0, call.MaxNumberOfMessages);
        for (const message of messages) message.hidden = true;
        return {
          Messages: messages.map(({ id, body }) => ({
            MessageId: id,
            ReceiptHandle: id,
            Body: body,
            MD5OfBody: md5(body),
          })),
        };
      }
      case 'ChangeMessageVisibility':
        if (held !== undefined) held.hidden = (call.VisibilityTimeout ?? 0) > 0;
        return {};
      case 'DeleteMessage':
        if (held !== undefined) queue.splice(queue.indexOf(held), 1);
        return {};
      default:
        throw new Error(`not scripted: ${name}`);
    }
  }
}

function md5(body: string): string {
  return createHash('md5').update(body).digest('hex');
}
