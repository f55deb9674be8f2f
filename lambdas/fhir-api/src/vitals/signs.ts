/** From chunks to what is shown: readings in their order, the parts of a panel put together. */
import {
  type Chunk,
  PulseError,
  type Reading,
  VITAL_CODES,
  type VitalCode,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { EffectiveTime } from '../search/date-search.ts';
import { type ObservationKind, observationKind } from './observation-kinds.ts';

/**
 * A place in a patient's readings, all of which are ordered by these members in this order.
 * `codeOrder` -1 is a place before everything that starts at `atMs`.
 */
export type Position = readonly [
  atMs: number,
  codeOrder: number,
  deviceId: string,
  boot: number,
  sequence: number,
];
const PositionSchema = z.tuple([z.number(), z.int(), z.string(), z.int(), z.int()]);

/** @throws PulseError `invalid_input` for a place that is none in a patient's readings */
export function positionIn(place: readonly (string | number | null)[]): Position {
  const parsed = PositionSchema.safeParse(place);
  if (!parsed.success) throw new PulseError('invalid_input', '_cursor belongs to another search');
  return parsed.data;
}

/** One reading and where it came from. */
export interface Measurement {
  readonly sequence: number;
  readonly reading: Reading;
}

/** A chunk, and when it was recorded if that was long after it was measured. */
export interface RecordedChunk extends Chunk {
  readonly lateRecordedAtMs?: number | undefined;
}

/** What becomes one Observation. */
export interface Sign {
  readonly kind: ObservationKind;
  readonly patientId: string;
  readonly deviceId: string;
  readonly boot: number;
  readonly zoneOffsetMinutes: number;
  /** When the last of its parts was recorded, if that was late. */
  readonly lateRecordedAtMs?: number | undefined;
  /** In code order; more than one only in a panel. */
  readonly parts: readonly [Measurement, ...Measurement[]];
}

const CODE_ORDER = new Map<VitalCode, number>(VITAL_CODES.map((code, order) => [code, order]));

/** All signs of these chunks, in the order of {@link positionOf}. */
export function signsOf(patientId: string, chunks: readonly RecordedChunk[]): Sign[] {
  const signs: Sign[] = [];
  const panels = new Map<string, Sign[]>();
  for (const chunk of chunks) {
    const { deviceId, boot, zoneOffsetMinutes, lateRecordedAtMs } = chunk;
    const from = { patientId, deviceId, boot, zoneOffsetMinutes, lateRecordedAtMs };
    for (const [index, reading] of chunk.readings.entries()) {
      const kind = observationKind(reading.code);
      const part = { sequence: chunk.firstSequence + index, reading };
      const sign = { kind, ...from, parts: [part] } as const;
      if (kind.isPanel) addToPanel(panels, sign);
      else signs.push(sign);
    }
  }
  signs.push(...[...panels.values()].flat());
  return signs.sort((a, b) => comparePositions(positionOf(a), positionOf(b)));
}

/** Parts that one device measured at one instant belong together; a part that occurs twice starts a second panel. */
function addToPanel(panels: Map<string, Sign[]>, sign: Sign): void {
  const part = sign.parts[0];
  const key = [sign.deviceId, sign.boot, part.reading.atMs, sign.kind.code].join('/');
  const open = panels.get(key) ?? [];
  panels.set(key, open);
  const place = open.findIndex(
    ({ parts }) => !parts.some(({ reading }) => reading.code === part.reading.code),
  );
  const panel = open[place];
  if (panel === undefined) {
    open.push(sign);
    return;
  }
  const [first, ...others] = [...panel.parts, part].sort(byCode);
  const lateRecordedAtMs = later(panel.lateRecordedAtMs, sign.lateRecordedAtMs);
  if (first !== undefined) open[place] = { ...panel, lateRecordedAtMs, parts: [first, ...others] };
}

/** The greater of two numbers, or the one that is there. */
function later(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

function byCode(a: Measurement, b: Measurement): number {
  return codeOrder(a.reading.code) - codeOrder(b.reading.code);
}

function codeOrder(code: VitalCode): number {
  return CODE_ORDER.get(code) ?? VITAL_CODES.length;
}

/** The place of a sign among all of a patient; no two signs share one. */
export function positionOf(sign: Sign): Position {
  const { reading, sequence } = sign.parts[0];
  return [reading.atMs, codeOrder(reading.code), sign.deviceId, sign.boot, sequence];
}

/** The place before everything that starts at a moment. */
export function edgePosition(atMs: number): Position {
  return [atMs, -1, '', 0, 0];
}

export function comparePositions(a: Position, b: Position): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** A moment is a millisecond long, as it is written. */
export function effectiveTime(sign: Sign): EffectiveTime {
  const { reading } = sign.parts[0];
  return {
    startMs: reading.atMs,
    endMs: reading.atMs + Math.max(1, durationMs(reading) ?? 1),
    zoneOffsetMinutes: sign.zoneOffsetMinutes,
  };
}

/** Undefined for a moment. */
export function durationMs(reading: Reading): number | undefined {
  if ('sampled' in reading) {
    return Math.ceil(reading.sampled.periodMs * reading.sampled.data.length);
  }
  return reading.durationMs;
}
