import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** GetSecretValue over HTTP (AWS JSON 1.1), for the unmodified client. */
export class SecretStore {
  readonly secrets: Map<string, string> = new Map<string, string>();
  /** Names asked for, in order. */
  readonly reads: string[] = [];
  readonly #server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      const { SecretId } = JSON.parse(body) as { SecretId: string };
      this.reads.push(SecretId);
      const secret = this.secrets.get(SecretId);
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (secret === undefined) {
        response.statusCode = 400;
        response.end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'none' }));
      } else {
        response.end(JSON.stringify({ Name: SecretId, SecretString: secret }));
      }
    });
  });

  async start(): Promise<SecretsManagerClient> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
    return new SecretsManagerClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
