import {
  type ChunkHeader,
  chunkHeader,
  chunkTopic,
  Identifier,
  IngestMessage,
  MAX_CHUNK_BYTES,
  PulseError,
  type QuarantineReason,
} from '@pulseledger/domain';

/** A queue message as ingest needs it (a part of an SQS record). */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** When the queue took it (Unix milliseconds). */
  readonly sentAtMs: number;
  /** How often the queue has handed it out, this time included. */
  readonly receiveCount: number;
}

/** A signed chunk whose sender is the device that it names. */
export interface ReceivedChunk {
  readonly kind: 'chunk';
  readonly messageId: string;
  readonly message: IngestMessage;
  readonly header: ChunkHeader;
  readonly bytes: Uint8Array;
}

/** A message that can never be recorded. */
export interface Unusable {
  readonly kind: 'unusable';
  readonly messageId: string;
  readonly message: IngestMessage;
  readonly reason: QuarantineReason;
  /** What can be said to the device that sent it; missing when no chunk could be made out. */
  readonly header: ChunkHeader | undefined;
}

/** A foreign body is kept up to this length, so that its entry fits into the quarantine queue again. */
const MAX_FOREIGN_BYTES = 65_536;

/**
 * Reads one queue message. Who sent it is what the broker says (client id, topic), never what the payload says: both must
 * name one device, and the chunk must name the same.
 */
export function parseMessage(queued: QueuedMessage): ReceivedChunk | Unusable {
  const { messageId } = queued;
  const message = parseBody(queued.body);
  if (message === undefined) {
    return unusable(messageId, foreignBody(queued), 'malformed');
  }
  const { clientId, topic, payload } = message;
  if (!Identifier.safeParse(clientId).success || topic !== chunkTopic(clientId)) {
    return unusable(messageId, message, 'identity_mismatch');
  }
  const bytes = Buffer.from(payload, 'base64');
  if (bytes.length > MAX_CHUNK_BYTES) {
    return unusable(messageId, message, 'oversize');
  }
  const header = bytes.toString('base64') === payload ? readHeader(bytes) : undefined;
  if (header === undefined) {
    return unusable(messageId, message, 'malformed');
  }
  if (header.deviceId !== clientId) {
    return unusable(messageId, message, 'identity_mismatch', header);
  }
  return { kind: 'chunk', messageId, message, header, bytes };
}

function unusable(
  messageId: string,
  message: IngestMessage,
  reason: QuarantineReason,
  header?: ChunkHeader,
): Unusable {
  return { kind: 'unusable', messageId, message, reason, header };
}

function parseBody(body: string): IngestMessage | undefined {
  try {
    const parsed = IngestMessage.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Something that the topic rule never wrote, in the form of what it writes, so that it can be kept. */
function foreignBody({ body, sentAtMs }: QueuedMessage): IngestMessage {
  return {
    payload: Buffer.from(body).subarray(0, MAX_FOREIGN_BYTES).toString('base64'),
    clientId: '',
    principal: '0'.repeat(64),
    topic: '',
    receivedAtMs: sentAtMs,
  };
}

function readHeader(bytes: Uint8Array): ChunkHeader | undefined {
  try {
    return chunkHeader(bytes);
  } catch (error) {
    if (error instanceof PulseError) {
      return undefined;
    }
    throw error;
  }
}
