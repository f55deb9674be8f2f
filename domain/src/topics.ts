/** AWS IoT topic rule that takes chunks by Basic Ingest, past the message broker. */
export const INGEST_RULE = 'pulse_ingest';

/** Prefix with which a device addresses a rule directly (AWS IoT Core, Basic Ingest). */
export const BASIC_INGEST_PREFIX: string = `$aws/rules/${INGEST_RULE}/`;

/** Topic on which a device publishes its chunks. */
export function chunkPublishTopic(deviceId: string): string {
  return `${BASIC_INGEST_PREFIX}${chunkTopic(deviceId)}`;
}

/** The same topic as the rule sees it: Basic Ingest takes the prefix away. */
export function chunkTopic(deviceId: string): string {
  return `v1/${deviceId}/chunks`;
}

/** Topic on which a device learns what was committed. */
export function acknowledgementTopic(deviceId: string): string {
  return `v1/${deviceId}/acks`;
}

/** Topic on which a device is told to send short windows. */
export function commandTopic(deviceId: string): string {
  return `v1/${deviceId}/commands`;
}

/** Topic of the value-free hints that new readings of a patient are committed. */
export function hintTopic(pseudonym: string): string {
  return `v1/live/${pseudonym}`;
}
