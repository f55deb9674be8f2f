/** The Lambda function behind the HTTP API's FHIR routes. */
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DocumentStore, IdentitySource } from '@pulseledger/ledger';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { liveKey } from '../../common/src/live-key.ts';
import { logLine } from '../../common/src/log.ts';
import { EmfMetrics } from '../../common/src/metrics.ts';
import { S3Objects } from '../../common/src/s3-objects.ts';
import { readConfig } from './config.ts';
import { createRouter, type Handle } from './http/router.ts';
import { noteKeys } from './record/note-keys.ts';
import { ledgerSessions } from './service.ts';
import { createTokenVerifier } from './smart/token.ts';

const metrics = new EmfMetrics('fhir-api', console.log);

function createHandle(): Handle {
  const config = readConfig(process.env);
  const { baseUrl, issuer, audience, tokenProfile, jwksUrl, login, profile, secretPrefix } = config;
  const { documentBucket, emergencyQueueUrl } = config;
  const identities = new IdentitySource({
    client: new SecretsManagerClient({}),
    prefix: secretPrefix,
  });
  // Path style: bucket names are no host names on this machine.
  const s3 = new S3Client({ forcePathStyle: true });
  const documents = new DocumentStore(new S3Objects(s3, documentBucket));
  const queue = new SQSClient({});
  const secrets = new SecretsManagerClient({});
  const sessions = ledgerSessions({
    ...{ profile, identities, documents, noteKeys: noteKeys(secrets, secretPrefix) },
    storeIntent: async (late) => {
      const MessageBody = JSON.stringify(late);
      await queue.send(new SendMessageCommand({ QueueUrl: emergencyQueueUrl, MessageBody }));
    },
  });
  const broker = new IoTDataPlaneClient({});
  return createRouter({
    baseUrl,
    metrics,
    liveKey: liveKey(secrets, secretPrefix),
    publish: async (topic, payload) => {
      const message = { topic, qos: 1, payload: Buffer.from(JSON.stringify(payload)) };
      await broker.send(new PublishCommand(message));
    },
    verifyToken: createTokenVerifier({
      issuer,
      audience,
      profile: tokenProfile,
      jwksUrl,
      now: Date.now,
    }),
    openSession: sessions.open,
    cursorKey: sessions.cursorKey,
    directory: sessions.directory,
    people: sessions.people,
    login,
    now: Date.now,
    log: (entry) => {
      console.log(logLine('answered', entry));
    },
  });
}

let handle: Handle | undefined;

/** Takes an HTTP API event, payload format 2.0. The first event makes everything ready; a process serves many. */
export async function handler(event: unknown): Promise<APIGatewayProxyStructuredResultV2> {
  handle ??= createHandle();
  try {
    return await handle(event);
  } finally {
    metrics.flush();
  }
}
