import { PulseError } from '@pulseledger/domain';
import { csvRows } from './csv.ts';
import { parseDecimal } from './decimal.ts';
import { parseUsTime } from './time.ts';
import type { Importer, ImportSink } from './types.ts';

const COLUMNS = ['id', 'time', 'value'] as const;

/** Is this the header of Fitbit's heart-rate export? */
export function isFitbitHeader(cells: readonly string[]): boolean {
  return (
    cells.length === COLUMNS.length &&
    COLUMNS.every((name, index) => cells[index]?.toLowerCase() === name)
  );
}

function takeRow(cells: readonly string[], place: string, zone: string, sink: ImportSink): void {
  const [id = '', time = '', value = ''] = cells;
  if (cells.length !== COLUMNS.length || id === '') {
    sink.refuse(place, 'not the three columns Id, Time, Value');
    return;
  }
  if (!sink.person(id)) return;
  const moment = parseUsTime(time, zone);
  if ('problem' in moment) {
    sink.refuse(place, `Time: ${moment.problem}`);
    return;
  }
  const rate = parseDecimal(value);
  if (rate === undefined) {
    sink.refuse(place, 'Value: not a number');
    return;
  }
  sink.reading(place, {
    source: { label: `fitbit/${id}`, manufacturer: 'Fitbit', model: 'heart-rate export' },
    code: '8867-4',
    unit: '/min',
    ...moment,
    what: rate,
    identity: cells.join('\u0000'),
  });
}

/**
 * Fitbit heart-rate CSV, `Id,Time,Value` with US times and no offset. Blank lines are no rows. The
 * file may hold many people: rows of another Id than the chosen one are left out.
 *
 * @throws PulseError invalid_input without a zone, malformed when it is no CSV.
 */
export const importFitbit: Importer = async (path, { zone }, sink) => {
  if (zone === undefined) {
    throw new PulseError(
      'invalid_input',
      'the times have no zone offset: say where the wearer was with --zone, e.g. --zone Europe/Paris',
    );
  }
  let header = true;
  for await (const { line, cells } of csvRows(path)) {
    if (header) {
      if (!isFitbitHeader(cells))
        throw new PulseError('malformed', 'the header is not Id,Time,Value');
      header = false;
      continue;
    }
    sink.row();
    takeRow(cells, `line ${line}`, zone, sink);
  }
};
