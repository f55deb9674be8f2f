/** The page against an API inside it that answers at once: what is measured is the page's own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PageBrowser, PageSystem, Visitor } from '../../browser/page-browser.ts';
import { type Spread, spreadOf } from './spread.ts';

/** Many live patients on one screen. */
export interface WardFigures {
  readonly patients: number;
  /** Messages of new readings that the page heard. */
  readonly hints: number;
  readonly frameMs: Spread;
  /** Tasks of more than 50 ms. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
}

/** What a live view holds after so many hours, garbage collected before. */
export interface MemoryAt {
  readonly hour: number;
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

const WALL = { width: 2_560, height: 1_440 };
const WINDOW_MS = 2_000;
const HOUR_MS = 3_600_000;
/** So far the clock is moved at once. */
const STEP_MS = 60_000;
/** A clock is paused at a moment to come, also on a slow machine. */
const PAUSE_AHEAD_MS = 60_000;
/** Somebody touches the page now and then, else it signs out. */
const TOUCH_MS = 300_000;
const MEGABYTE = 1_048_576;

const Measured = z.object({
  frames: z.array(z.number()),
  tasks: z.array(z.number()),
  hints: z.number(),
});

export async function measureWard(
  browser: PageBrowser,
  system: PageSystem,
  options: { readonly patients: number; readonly seconds: number },
): Promise<WardFigures> {
  const { patients, seconds } = options;
  const visitor = await enter(browser, system, patients);
  const { page } = visitor;
  await page.setViewportSize(WALL);
  await visitor.press('Live ward');
  await visitor.press('Open and show live');
  await page.getByText('live', { exact: true }).waitFor();
  await page.locator('.beds .value').nth(patients).waitFor();
  const measured: unknown = await page.evaluate(`measureFrames(${seconds * 1_000})`);
  const { frames, tasks, hints } = Measured.parse(measured);
  await visitor.leave();
  return {
    ...{ patients, hints, frameMs: spreadOf(frames), longTasks: tasks.length },
    longestTaskMs: Math.round(Math.max(0, ...tasks)),
  };
}

/**
 * One patient's live chart with curves, a message every two seconds, by a clock that is moved.
 *
 * @param moved told how much of the time is over
 */
export async function measureMemory(
  browser: PageBrowser,
  system: PageSystem,
  hours: number,
  { told, moved }: { told: (at: MemoryAt) => void; moved: (done: number, all: number) => void },
): Promise<readonly MemoryAt[]> {
  const visitor = await enter(browser, system, 1, true);
  const { page } = visitor;
  await page.locator('button.card').first().click();
  await page.getByText('live', { exact: true }).waitFor();
  await page.clock.pauseAt(Date.now() + PAUSE_AHEAD_MS);
  await page.evaluate(`beWatched(${WINDOW_MS}, ${TOUCH_MS})`);
  const figures = [await memoryOf(visitor, 0)];
  const all = hours * (HOUR_MS / STEP_MS);
  for (let done = 1; done <= all; done += 1) {
    await page.clock.runFor(STEP_MS);
    moved(done, all);
    if ((done * STEP_MS) % HOUR_MS !== 0) continue;
    // A page that has signed out needs little memory.
    await page.getByText('live', { exact: true }).waitFor();
    const at = await memoryOf(visitor, (done * STEP_MS) / HOUR_MS);
    told(at);
    figures.push(at);
  }
  await visitor.leave();
  return figures;
}

/** @param hasOwnClock every timer of the page is one that can be moved, from the first on */
async function enter(
  browser: PageBrowser,
  system: PageSystem,
  patients: number,
  hasOwnClock = false,
): Promise<Visitor> {
  const script = await readFile(join(import.meta.dirname, 'in-page.js'), 'utf8');
  const visitor = await browser.visitor(system);
  if (hasOwnClock) await visitor.page.clock.install();
  await visitor.page.addInitScript(`globalThis.fakePatients = ${patients};\n${script}`);
  await visitor.page.reload();
  await visitor.enter('hospital-doctor');
  return visitor;
}

const Metrics = z.object({
  metrics: z.array(z.object({ name: z.string(), value: z.number() })),
});

async function memoryOf({ page }: Visitor, hour: number): Promise<MemoryAt> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = Metrics.parse(await session.send('Performance.getMetrics'));
  await session.detach();
  const value = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? 0;
  return {
    hour,
    heapBytes: Math.round(value('JSHeapUsedSize')),
    nodes: value('Nodes'),
    listeners: value('JSEventListeners'),
  };
}

/** One line of the table. */
export function memoryText({ hour, heapBytes, nodes, listeners }: MemoryAt): string {
  const heap = (heapBytes / MEGABYTE).toFixed(1);
  return `after ${hour} h: ${heap} MB heap, ${nodes} nodes, ${listeners} listeners`;
}
