import { z } from 'zod';

/** Short names of the organizations on the channel. */
export const ORGANIZATIONS = ['hospital', 'clinic', 'insurer'] as const;
export type Organization = (typeof ORGANIZATIONS)[number];

/** MSP id of each organization. */
export const MSP_IDS: Readonly<Record<Organization, string>> = {
  hospital: 'HospitalMSP',
  clinic: 'ClinicMSP',
  insurer: 'InsurerMSP',
};

/** Where one organization's peer answers. */
export interface OrganizationEndpoint {
  readonly mspId: string;
  /** `host:port` of the peer's Gateway service. */
  readonly endpoint: string;
  /** Name in the peer's TLS certificate. */
  readonly serverName: string;
  readonly tlsRootCertificatePem: string;
}

/** How a client reaches the network; either network writes it as JSON. */
export interface ConnectionProfile {
  readonly network: 'devnet' | 'fabric';
  readonly channel: string;
  readonly chaincode: string;
  readonly organizations: Readonly<Record<Organization, OrganizationEndpoint>>;
}

const Endpoint: z.ZodType<OrganizationEndpoint> = z.object({
  mspId: z.string().min(1),
  endpoint: z.string().regex(/^.+:\d{1,5}$/, 'expected host:port'),
  serverName: z.string().min(1),
  tlsRootCertificatePem: z.string().includes('BEGIN CERTIFICATE'),
});

export const ConnectionProfile: z.ZodType<ConnectionProfile> = z.object({
  network: z.enum(['devnet', 'fabric']),
  channel: z.string().min(1),
  chaincode: z.string().min(1),
  organizations: z.object({ hospital: Endpoint, clinic: Endpoint, insurer: Endpoint }),
});
