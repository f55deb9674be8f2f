import type { DeviceView } from '@pulseledger/domain';
import type { Device } from 'fhir/r4.js';

const STATUS: Record<DeviceView['status'], Device['status']> = {
  active: 'active',
  lost: 'inactive',
  revoked: 'inactive',
};

/** The nearest code there is for a device whose readings are not taken any more; the text says why. */
const OFF = { system: 'http://terminology.hl7.org/CodeSystem/device-status-reason', code: 'off' };

/** Namespace of Device.identifier, the thing name: an OID under a UUID, which needs no registration. */
const DEVICE_IDENTIFIER_SYSTEM = 'urn:oid:2.25.323067678600938880215436718383489545768';

/** https://hl7.org/fhir/R4/device.html. `patient` only while one of the visible wearers is the present one. */
export function toDevice(view: DeviceView, nowMs: number): Device {
  const wearer = view.assignments.find(
    ({ fromMs, untilMs }) => fromMs <= nowMs && (untilMs === null || untilMs > nowMs),
  );
  return {
    resourceType: 'Device',
    id: view.deviceId,
    identifier: [{ system: DEVICE_IDENTIFIER_SYSTEM, value: view.deviceId }],
    status: STATUS[view.status],
    ...(view.status === 'active' ? {} : { statusReason: [{ coding: [OFF], text: view.status }] }),
    manufacturer: view.manufacturer,
    serialNumber: view.serial,
    deviceName: [{ name: view.model, type: 'model-name' }],
    ...(wearer === undefined ? {} : { patient: { reference: `Patient/${wearer.patientId}` } }),
  };
}
