import { AccessContract } from './contracts/access-contract.ts';
import { CareContract } from './contracts/care-contract.ts';
import { ConsentContract } from './contracts/consent-contract.ts';
import { DeviceContract } from './contracts/device-contract.ts';
import { DirectoryContract } from './contracts/directory-contract.ts';
import { EmergencyContract } from './contracts/emergency-contract.ts';
import { RecordContract } from './contracts/record-contract.ts';
import { VitalsContract } from './contracts/vitals-contract.ts';
import { dropUnseenDebugLines } from './shim-logging.ts';

dropUnseenDebugLines();

/** The contracts of the chaincode `pulse`, for fabric-chaincode-node. */
export const contracts: unknown[] = [
  AccessContract,
  DeviceContract,
  CareContract,
  VitalsContract,
  RecordContract,
  EmergencyContract,
  ConsentContract,
  DirectoryContract,
];
