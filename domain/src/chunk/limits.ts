/** Largest chunk with signature; also the largest MQTT message of AWS IoT Core. */
export const MAX_CHUNK_BYTES: number = 128 * 1024;
/** Readings in one chunk. */
export const MAX_READINGS_PER_CHUNK = 4_096;
/** Samples in one strip: 30 s at 512 Hz. */
export const MAX_SAMPLES_PER_READING = 15_360;
/** Longest time one reading may cover: a civil day with 25 hours. */
export const MAX_DURATION_MS: number = 25 * 3_600_000;
/** Readings of a chunk start within one UTC hour: `floor(atMs / CHUNK_HOUR_MS)` is the same for all. */
export const CHUNK_HOUR_MS = 3_600_000;
/** ES256 signature, raw r‖s. */
export const SIGNATURE_BYTES = 64;
export const SALT_BYTES = 16;
/** Last sequence a device may use. */
export const MAX_SEQUENCE: number = 2 ** 48 - 1;
export const MAX_BOOT = 0xffff_ffff;
/** Offsets of civil time from UTC lie within -14:00 and +14:00. */
export const MAX_ZONE_OFFSET_MINUTES = 840;
