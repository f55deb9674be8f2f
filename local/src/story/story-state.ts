import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** Parts of the story, in no order: each is on the ledger, or is tried again. */
export const CHAPTERS = ['vitals', 'records', 'consents', 'emergency'] as const;
export type Chapter = (typeof CHAPTERS)[number];

/** How far the story has been told in a data folder. */
export interface StoryState {
  readonly version: 1;
  readonly seed: number;
  /** When the first start told of the week before it. */
  readonly toldAtMs: number;
  /** Chapters; a story that an older version began may name others. */
  readonly done: readonly string[];
}

const StoryState: z.ZodType<StoryState> = z.object({
  version: z.literal(1),
  seed: z.int().min(0),
  toldAtMs: z.int().min(0),
  done: z.array(z.string()),
});

/** What was told before; a story that begins now when there is nothing. */
export async function readStoryState(file: string, seed: number): Promise<StoryState> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { version: 1, seed, toldAtMs: Date.now(), done: [] };
  return StoryState.parse(JSON.parse(text));
}

/** Whole or not at all. */
export async function writeStoryState(file: string, state: StoryState): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
