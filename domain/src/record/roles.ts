/** Values of the certificate attribute `role`. */
export const ROLES = [
  'doctor',
  'nurse',
  'patient',
  'insurance-agent',
  'administrator',
  'emergency-medic',
  'laboratory',
  'representative',
  'ingest',
  'api',
] as const;
export type Role = (typeof ROLES)[number];

/** Organizations that treat people, by MSP id. */
export const PROVIDER_MSP_IDS: readonly string[] = ['HospitalMSP', 'ClinicMSP'];

/** Which organization may give out which role, by MSP id. */
export const ROLE_ORGANIZATIONS: Readonly<Record<Role, readonly string[]>> = {
  doctor: PROVIDER_MSP_IDS,
  nurse: PROVIDER_MSP_IDS,
  patient: PROVIDER_MSP_IDS,
  'insurance-agent': ['InsurerMSP'],
  administrator: [...PROVIDER_MSP_IDS, 'InsurerMSP'],
  'emergency-medic': PROVIDER_MSP_IDS,
  laboratory: PROVIDER_MSP_IDS,
  representative: PROVIDER_MSP_IDS,
  ingest: PROVIDER_MSP_IDS,
  api: [...PROVIDER_MSP_IDS, 'InsurerMSP'],
};

/** Roles of software, which has no subject. */
export const SERVICE_ROLES: readonly Role[] = ['ingest', 'api'];

/** Roles of people, who log in; services do not. */
export const USER_ROLES = [
  'doctor',
  'nurse',
  'patient',
  'insurance-agent',
  'administrator',
  'emergency-medic',
  'laboratory',
  'representative',
] as const;
