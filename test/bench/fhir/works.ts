/** What is asked of both sides. */
import type { SeriesStep } from '@pulseledger/domain';
import { countsIn, countsOfPages, drawnBy, drawnByMeans } from './answers.ts';
import type { Size } from './arguments.ts';
import { type ChartEntry, chartFile } from './chart-file.ts';
import { HeartRate, HOUR_MS, MINUTE_MS } from './heart-rate.ts';
import type { LedgerSide } from './ledger-side.ts';
import type { Work } from './paired.ts';
import { ReferenceSide } from './reference-side.ts';

const PAGE = 200;
/** Most that Medplum's search answers with. */
const MEANS_A_PAGE = 1_000;
/** The one who opens charts first; others look at a chart for their own first time. */
const FIRST = 0;

/** What a page asks for when somebody clicks on a patient. */
function clickOn(patient: string): string[] {
  return [
    `Patient/${patient}`,
    `Condition?patient=${patient}&_count=100`,
    `AllergyIntolerance?patient=${patient}&_count=100`,
    `MedicationRequest?patient=${patient}&_count=100`,
    `Encounter?patient=${patient}&_count=100`,
    `Observation?patient=${patient}&category=laboratory&_count=100`,
  ];
}

type Ask = (path: string) => Promise<string>;

async function click(ask: Ask, patient: string): Promise<unknown> {
  const texts = await Promise.all(clickOn(patient).map(ask));
  return texts.map(countsIn);
}

/** A chart on both sides, and what is asked of it. */
export async function chartWorks(ledger: LedgerSide, size: Size): Promise<Work[]> {
  const file = chartFile(size.resources);
  const types = [...new Set(file.map(({ resource }) => resource.resourceType))].slice(1);
  const reference = new ReferenceSide(types);
  const patients = { ours: await ledger.store(file), reference: await reference.store(file) };
  const ours =
    (doctor: number): Ask =>
    (path) =>
      ledger.ask(doctor, path);
  const theirs: Ask = (path) => reference.ask(path);
  const everything = (patient: string): string => `Patient/${patient}/$everything?_count=${PAGE}`;
  const opening = { turns: size.openings, readers: 1 };
  const clickOnReference = (): Promise<unknown> => click(theirs, patients.reference);
  const nth = (patient: string, n: number): string => {
    const requests = clickOn(patient);
    return requests[n % requests.length] ?? '';
  };
  return [
    {
      ...{ name: 'chart open, first look: six requests and an entry in the log', ...opening },
      ours: (turn) => click(ours(turn), patients.ours),
      reference: clickOnReference,
    },
    {
      ...{ name: 'chart open, again: six requests', ...opening },
      ours: () => click(ours(FIRST), patients.ours),
      reference: clickOnReference,
    },
    {
      name: `$everything of ${size.resources} resources, to the last page`,
      ...{ turns: size.turns, readers: 1 },
      ours: () => countsOfPages(ours(FIRST), everything(patients.ours)),
      reference: () => countsOfPages(theirs, `${everything(patients.reference)}&_offset=0`),
    },
    {
      name: `${size.readers} readers at once, one request each`,
      ...{ turns: size.rounds, readers: size.readers },
      ours: async (turn, reader) =>
        countsIn(await ledger.ask(reader, nth(patients.ours, turn + reader))),
      reference: async (turn, reader) =>
        countsIn(await theirs(nth(patients.reference, turn + reader))),
    },
  ];
}

interface Trend {
  readonly name: string;
  readonly step: SeriesStep;
  readonly stepMs: number;
  readonly hours: number;
}

/** A watch's heart rate on both sides: there as it was measured, here as the means that are drawn. */
export async function trendWorks(ledger: LedgerSide, size: Size): Promise<Work[]> {
  const heartRate = new HeartRate(size.hours, Date.now());
  const patientId = await ledger.wear(heartRate);
  const trends: Trend[] = [
    {
      name: `${size.hours} hours of 1 Hz heart rate, by the hour`,
      ...{ step: 'hour', stepMs: HOUR_MS, hours: size.hours },
    },
    {
      name: `${size.minuteHours} hours of 1 Hz heart rate, by the minute`,
      ...{ step: 'minute', stepMs: MINUTE_MS, hours: size.minuteHours },
    },
  ];
  return Promise.all(trends.map((trend) => trendWork(ledger, size, heartRate, patientId, trend)));
}

async function trendWork(
  ledger: LedgerSide,
  size: Size,
  heartRate: HeartRate,
  patientId: string,
  { name, step, stepMs, hours }: Trend,
): Promise<Work> {
  const { toMs } = heartRate;
  const fromMs = toMs - hours * HOUR_MS;
  const means = heartRate.means(fromMs, toMs, stepMs);
  const reference = new ReferenceSide();
  const patient = await reference.store(meansFile(means));
  const line = `code=8867-4&fromMs=${fromMs}&toMs=${toMs}&step=${step}`;
  const between = `date=ge${iso(fromMs)}&date=lt${iso(toMs)}`;
  const search = `Observation?patient=${patient}&code=8867-4&${between}&_count=${MEANS_A_PAGE}`;
  return {
    ...{ name, turns: size.turns, readers: 1 },
    ours: async () => drawnBy(await ledger.ask(FIRST, `patients/${patientId}/series?${line}`)),
    reference: async () => {
      const texts: string[] = [];
      for (let offset = 0; offset < means.length; offset += MEANS_A_PAGE) {
        texts.push(await reference.ask(`${search}&_offset=${offset}`));
      }
      return drawnByMeans(texts);
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** One Observation for each mean. */
function meansFile(means: ReturnType<HeartRate['means']>): ChartEntry[] {
  const [patient] = chartFile(1);
  if (patient === undefined) return [];
  return [
    patient,
    ...means.map(({ atMs, mean }, index) => ({
      fullUrl: `urn:uuid:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resource: {
        ...{ resourceType: 'Observation', status: 'final' },
        subject: { reference: patient.fullUrl },
        code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
        effectiveDateTime: iso(atMs),
        valueQuantity: { value: mean, unit: '/min' },
      },
    })),
  ];
}
