import type { Device, FhirResource, Observation, ObservationComponent } from 'fhir/r4.js';

/** What stands in a line about something measured, or about what measured it; undefined for anything else. */
export function measuredLine(resource: FhirResource): MeasuredLine | undefined {
  if (resource.resourceType === 'Observation') return observationLine(resource);
  return resource.resourceType === 'Device' ? deviceLine(resource) : undefined;
}

interface MeasuredLine {
  readonly title: string;
  readonly detail: string;
  readonly state: string;
}

function observationLine(observation: Observation): MeasuredLine {
  const { code, component = [], effectiveDateTime, effectivePeriod } = observation;
  const atText = effectiveDateTime ?? effectivePeriod?.end;
  const values = [observation, ...component].map(valueText).filter((text) => text !== '');
  const time = new Intl.DateTimeFormat(navigator.language, {
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return {
    title: code.text ?? code.coding?.[0]?.display ?? '',
    detail: values.join(' / '),
    state: atText === undefined ? '' : time.format(new Date(atText)),
  };
}

function valueText({
  valueQuantity,
  valueString,
  valueCodeableConcept,
}: Omit<ObservationComponent, 'code'>): string {
  if (valueQuantity?.value !== undefined) {
    const number = valueQuantity.value.toLocaleString(navigator.language);
    return `${number} ${valueQuantity.unit ?? ''}`.trim();
  }
  return valueString ?? valueCodeableConcept?.text ?? '';
}

function deviceLine({ deviceName, manufacturer, modelNumber, status }: Device): MeasuredLine {
  const made = [manufacturer, modelNumber].filter((part) => part !== undefined).join(' ');
  return { title: deviceName?.[0]?.name ?? made, detail: '', state: status ?? '' };
}
