import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { AwsError } from '../aws/aws-error.ts';
import { asAwsError } from '../aws/json-protocol.ts';
import { type LocalRole, roleAllows } from '../aws/role.ts';
import { SignatureVerifier } from '../aws/signature.ts';
import { limitedBody } from '../limited-body.ts';
import { MAX_PAYLOAD_BYTES } from './broker/packet-meter.ts';

/** AWS IoT Core: a topic has at most 256 bytes and seven slashes. */
const MAX_TOPIC_BYTES = 256;
const MAX_SLASHES = 7;

export interface DataPlaneOptions {
  readonly roles: readonly LocalRole[];
  /** Resolves when the broker has taken the message. */
  readonly publish: (topic: string, payload: Uint8Array, qos: 0 | 1) => Promise<void>;
}

/**
 * `Publish` of the AWS IoT data plane
 * (https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html).
 */
export function iotDataPlaneApp(options: DataPlaneOptions): Hono {
  const verifier = new SignatureVerifier('iotdata', options.roles);
  const app = new Hono();
  const tooLarge = (): Response =>
    errorResponse(new AwsError('RequestEntityTooLargeException', 'Payload over 128 KB.', 413));
  app.post('*', limitedBody(MAX_PAYLOAD_BYTES, tooLarge), async (c) => {
    try {
      await publish(c, verifier, options);
      return c.json({ message: 'OK', traceId: randomUUID() });
    } catch (error) {
      return errorResponse(asAwsError(error));
    }
  });
  return app;
}

async function publish(
  c: Context,
  verifier: SignatureVerifier,
  options: DataPlaneOptions,
): Promise<void> {
  const url = new URL(c.req.url);
  const payload = new Uint8Array(await c.req.arrayBuffer());
  const { method, headers } = c.req.raw;
  const role = await verifier.verify({ method, url, headers, body: payload });
  const topic = topicOf(url);
  if (!roleAllows(role, 'iot:Publish', topic)) {
    throw new AwsError('ForbiddenException', 'The role may not publish to this topic.', 403);
  }
  const qos = url.searchParams.get('qos') ?? '0';
  if (qos !== '0' && qos !== '1') throw invalid('QoS is 0 or 1.');
  if (url.searchParams.get('retain') === 'true') throw invalid('Nothing is retained here.');
  await options.publish(topic, payload, qos === '1' ? 1 : 0);
}

function topicOf(url: URL): string {
  const encoded = /^\/topics\/(.+)$/.exec(url.pathname)?.[1];
  if (encoded === undefined) throw new AwsError('ResourceNotFoundException', 'No such path.', 404);
  const topic = decodeURIComponent(encoded);
  const slashes = topic.split('/').length - 1;
  if (/[+#\0]/.test(topic) || Buffer.byteLength(topic) > MAX_TOPIC_BYTES || slashes > MAX_SLASHES) {
    throw invalid('The topic is not valid.');
  }
  return topic;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidRequestException', message);
}

function errorResponse({ code, message, status }: AwsError): Response {
  return Response.json(
    { message, traceId: randomUUID() },
    { status, headers: { 'x-amzn-errortype': code } },
  );
}
