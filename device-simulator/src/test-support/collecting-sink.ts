import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ImportContext, ImportedReading, Importer, ImportSink } from '../replay/types.ts';

const SHARED_DATA: string = resolve(import.meta.dirname, '../../../../shared/data');

/** Path of a sample below the folder of real recordings beside the checkout. */
export function sample(...parts: readonly string[]): string {
  return join(SHARED_DATA, ...parts);
}

/** Are the real recordings there? */
export const haveSamples: boolean = existsSync(SHARED_DATA);

/** Everything an importer said. */
export class CollectingSink implements ImportSink {
  rows = 0;
  readonly readings: (ImportedReading & { readonly place: string })[] = [];
  readonly refused: { readonly place: string; readonly reason: string }[] = [];
  readonly ignored: string[] = [];
  readonly notes: string[] = [];

  row(): void {
    this.rows += 1;
  }

  reading(place: string, reading: ImportedReading): void {
    this.readings.push({ ...reading, place });
  }

  refuse(place: string, reason: string): void {
    this.refused.push({ place, reason });
  }

  ignore(what: string): void {
    this.ignored.push(what);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  person(): boolean {
    return true;
  }
}

/** Run an importer on a file. */
export async function collect(
  importer: Importer,
  path: string,
  context: ImportContext = {},
): Promise<CollectingSink> {
  const sink = new CollectingSink();
  await importer(path, context, sink);
  return sink;
}
