import type { RecordClient } from '@pulseledger/ledger';

/**
 * The register of devices, for the custodian's administrator. The ledger's client has this shape; each method is the
 * contract function of the same name and decides itself whether the caller may. All throw PulseError.
 */
export type DevicePort = Pick<RecordClient, 'registerDevice' | 'assignDevice' | 'revokeDevice'>;
