import type { ChunkHeader, DeviceDocument, QuarantineReason } from '@pulseledger/domain';

/** How far a device's clock may be ahead of the transaction's time. */
const MAX_CLOCK_AHEAD_MS = 5 * 60_000;

/**
 * Why a chunk that is not recorded yet must not be, by the state of its device and the time it
 * covers; undefined when nothing speaks against it.
 */
export function refusalOf(
  { lostSinceMs, revokedSinceMs }: DeviceDocument,
  { endMs }: ChunkHeader,
  nowMs: number,
): QuarantineReason | undefined {
  if (revokedSinceMs !== null) return 'device_revoked';
  if (lostSinceMs !== null && endMs >= lostSinceMs) return 'device_lost';
  if (endMs > nowMs + MAX_CLOCK_AHEAD_MS) return 'clock_out_of_range';
  return undefined;
}
