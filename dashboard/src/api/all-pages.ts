/** Pages that one list asks for. */
const MAX_PAGES = 20;

interface Page {
  readonly bookmark?: string | undefined;
}

/**
 * A whole list, page after page until one has no bookmark. Pages may be short or empty and still have one.
 *
 * @param path with its query, without a bookmark
 * @param maxPages so many are asked for at most
 * @throws what `ask` throws
 */
export async function allPages<Answer extends Page, Item>(
  path: string,
  ask: (path: string) => Promise<Answer>,
  itemsOf: (answer: Answer) => readonly Item[],
  maxPages: number = MAX_PAGES,
): Promise<Item[]> {
  const items: Item[] = [];
  const joint = path.includes('?') ? '&' : '?';
  let next: string | undefined = path;
  for (let page = 0; page < maxPages && next !== undefined; page += 1) {
    const answer: Answer = await ask(next);
    items.push(...itemsOf(answer));
    const { bookmark } = answer;
    next =
      bookmark === undefined
        ? undefined
        : `${path}${joint}bookmark=${encodeURIComponent(bookmark)}`;
  }
  return items;
}
