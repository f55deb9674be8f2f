import { BASIC_INGEST_PREFIX, type IngestMessage } from '@pulseledger/domain';

export interface RuleInput {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly clientId: string;
  /** Certificate id of the connection. */
  readonly principal: string;
  readonly receivedAtMs: number;
}

/**
 * The topic rule `pulse_ingest`:
 * `SELECT encode(*, 'base64') AS payload, clientid() AS clientId, principal() AS principal,
 * topic() AS topic, timestamp() AS receivedAtMs FROM 'v1/+/chunks'`.
 * Basic Ingest takes its prefix off the topic before the rule sees it.
 */
export function applyIngestRule(input: RuleInput): IngestMessage {
  const { topic, payload, clientId, principal, receivedAtMs } = input;
  return {
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64'),
    clientId,
    principal,
    topic: topic.startsWith(BASIC_INGEST_PREFIX) ? topic.slice(BASIC_INGEST_PREFIX.length) : topic,
    receivedAtMs,
  };
}
