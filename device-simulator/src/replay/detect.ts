import { open } from 'node:fs/promises';
import { PulseError } from '@pulseledger/domain';
import { importAppleHealth } from './apple-health.ts';
import { importBedside, isBedsideHeader } from './bedside.ts';
import { importFit } from './fit.ts';
import { isFit } from './fit-frames.ts';
import { importFitbit, isFitbitHeader } from './fitbit.ts';
import { importOpenMhealth } from './open-mhealth.ts';
import type { Format, Importer } from './types.ts';

/** What a file's first bytes are looked at for. */
const HEAD_BYTES = 65_536;

/** The importer of each format. */
export const IMPORTERS: Readonly<Record<Format, Importer>> = {
  fit: importFit,
  'apple-health': importAppleHealth,
  'open-mhealth': importOpenMhealth,
  bedside: importBedside,
  fitbit: importFitbit,
};

async function head(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new PulseError('not_found', 'the file cannot be read', { cause: error });
  }
}

function csvFormat(firstLine: string): Format | undefined {
  const cells = firstLine.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  if (isFitbitHeader(cells)) return 'fitbit';
  return isBedsideHeader(cells) ? 'bedside' : undefined;
}

/**
 * The format of a recording by its content; the name of the file does not matter.
 *
 * @throws PulseError not_supported when it is none of ours, not_found when it cannot be read.
 */
export async function detectFormat(path: string): Promise<Format> {
  const bytes = await head(path);
  if (isFit(bytes)) return 'fit';
  const text = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (/^<(\?xml|!DOCTYPE|HealthData)/.test(text)) return 'apple-health';
  if (/^[{[]/.test(text)) return 'open-mhealth';
  const csv = csvFormat(text.split(/\r?\n/, 1)[0] ?? '');
  if (csv !== undefined) return csv;
  if (text.startsWith('PK')) {
    throw new PulseError('not_supported', 'this is a zip archive: unpack it and replay export.xml');
  }
  throw new PulseError(
    'not_supported',
    'this is no FIT, Apple Health, Open mHealth, bedside-monitor or Fitbit file; --format says which it should be',
  );
}
