import { type ListGapsInput, type ListGapsOutput, MAX_GAP_PAGE } from '@pulseledger/domain';

/** Pages that one count asks for, of 100 devices each. */
const MAX_PAGES = 1_000;

/** How incomplete the readings of an organization's devices are. */
export interface GapCount {
  readonly devices: number;
  readonly devicesWithGaps: number;
  readonly missingReadings: number;
}

/** Counts over all devices, a page at a time; who they are stays here. */
export async function countGaps(
  listGaps: (input: ListGapsInput) => Promise<ListGapsOutput>,
): Promise<GapCount> {
  const count = { devices: 0, devicesWithGaps: 0, missingReadings: 0 };
  let bookmark: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await listGaps({ pageSize: MAX_GAP_PAGE, bookmark });
    for (const { missingReadings } of answer.devices) {
      count.devices += 1;
      count.missingReadings += missingReadings;
      if (missingReadings > 0) count.devicesWithGaps += 1;
    }
    ({ bookmark } = answer);
    if (bookmark === undefined) break;
  }
  return count;
}
