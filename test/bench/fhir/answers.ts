/** What a client reads out of answers. Of both sides, so that its own time is on both. */
import { z } from 'zod';

const Entry = z.object({
  resource: z.object({ resourceType: z.string() }),
  search: z.object({ mode: z.string() }).optional(),
});
const Page = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(Entry).default([]),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
});
const Means = z.object({
  entry: z
    .array(z.object({ resource: z.object({ valueQuantity: z.object({ value: z.number() }) }) }))
    .default([]),
});
const Line = z.object({
  step: z.string(),
  series: z.array(z.object({ points: z.array(z.object({ mean: z.number() })) })),
});

/** How many there are of each type. */
export type Counts = Readonly<Record<string, number>>;

export function countsIn(text: string): Counts {
  return counted([text]);
}

/** Follows the links of pages to their end. */
export async function countsOfPages(
  ask: (path: string) => Promise<string>,
  first: string,
): Promise<Counts> {
  const texts: string[] = [];
  for (let path: string | undefined = first; path !== undefined; ) {
    const text = await ask(path);
    texts.push(text);
    path = Page.parse(JSON.parse(text)).link.find(({ relation }) => relation === 'next')?.url;
  }
  return counted(texts);
}

function counted(texts: readonly string[]): Counts {
  const types = texts.flatMap((text) => typesIn(JSON.parse(text))).sort();
  return Object.fromEntries(
    [...Map.groupBy(types, (type) => type)].map(([type, all]) => [type, all.length]),
  );
}

function typesIn(json: unknown): string[] {
  const { data: page } = Page.safeParse(json);
  if (page === undefined) return [Entry.shape.resource.parse(json).resourceType];
  return page.entry
    .filter(({ search }) => search?.mode !== 'outcome')
    .map(({ resource }) => resource.resourceType);
}

/** Points of a line, and their mean to a tenth. */
export interface Drawn {
  readonly points: number;
  readonly mean: number;
}

export function drawnBy(text: string): Drawn {
  const { series } = Line.parse(JSON.parse(text));
  return drawn(series.flatMap(({ points }) => points.map(({ mean }) => mean)));
}

export function drawnByMeans(texts: readonly string[]): Drawn {
  return drawn(meansIn(texts));
}

function meansIn(texts: readonly string[]): number[] {
  return texts.flatMap((text) =>
    Means.parse(JSON.parse(text)).entry.map(({ resource }) => resource.valueQuantity.value),
  );
}

function drawn(means: readonly number[]): Drawn {
  const sum = means.reduce((total, mean) => total + mean, 0);
  return { points: means.length, mean: Number((sum / means.length).toFixed(1)) };
}
