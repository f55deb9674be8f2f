import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Json } from './answers.ts';

const FOLDER: string = join(import.meta.dirname, 'recorded');

/** Area of a row: what stands before the slash of its id. */
export function areaOf(id: string): string {
  return id.split('/')[0] ?? '';
}

function fileOf(area: string): string {
  return join(FOLDER, `${area}.json`);
}

const answers = z.record(z.string(), z.json());

async function readArea(area: string): Promise<Record<string, Json>> {
  try {
    return answers.parse(JSON.parse(await readFile(fileOf(area), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Native Fabric's answers by row id. */
export async function readRecorded(ids: readonly string[]): Promise<Map<string, Json>> {
  const areas = [...new Set(ids.map(areaOf))];
  const all = await Promise.all(areas.map(readArea));
  return new Map(all.flatMap((one) => Object.entries(one)));
}

/** Keeps native Fabric's answers; those of rows that are no more are forgotten when `all` rows were run. */
export async function writeRecorded(
  given: ReadonlyMap<string, Json>,
  ids: readonly string[],
): Promise<void> {
  for (const area of new Set(ids.map(areaOf))) {
    const known = await readArea(area);
    const entries = ids
      .filter((id) => areaOf(id) === area)
      .flatMap((id): [string, Json][] => {
        const answer = given.get(id) ?? known[id];
        return answer === undefined ? [] : [[id, answer]];
      });
    const text = JSON.stringify(Object.fromEntries(entries), null, 2);
    await writeFile(fileOf(area), `${text}\n`);
  }
}
