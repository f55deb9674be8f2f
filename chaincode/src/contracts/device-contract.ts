import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { ASSIGN_DEVICE, END_ASSIGNMENT } from '../device/assign.ts';
import { LIST_GAPS, READ_GAPS } from '../device/gaps.ts';
import { LOCATE_DEVICE } from '../device/locate.ts';
import { LIST_DEVICES, READ_DEVICE } from '../device/read.ts';
import { REGISTER_DEVICE } from '../device/register.ts';
import { DEVICE_STATUS } from '../device/status.ts';
import { REPORT_LOST, REVOKE_DEVICE } from '../device/withdraw.ts';
import { invoke } from '../transaction/invoke.ts';

/** Devices: registration, who wears them, loss. Inputs and answers are those of the domain package's schemas. */
@Info({ title: 'device', description: 'Devices: registration, who wears them, loss.' })
export class DeviceContract extends Contract {
  constructor() {
    super('device');
  }

  @Transaction()
  @Returns('string')
  Register(context: Context): Promise<string> {
    return invoke(context, REGISTER_DEVICE);
  }

  @Transaction()
  @Returns('string')
  Assign(context: Context): Promise<string> {
    return invoke(context, ASSIGN_DEVICE);
  }

  @Transaction()
  @Returns('string')
  EndAssignment(context: Context): Promise<string> {
    return invoke(context, END_ASSIGNMENT);
  }

  @Transaction()
  @Returns('string')
  ReportLost(context: Context): Promise<string> {
    return invoke(context, REPORT_LOST);
  }

  @Transaction()
  @Returns('string')
  Revoke(context: Context): Promise<string> {
    return invoke(context, REVOKE_DEVICE);
  }

  @Transaction(false)
  @Returns('string')
  Read(context: Context): Promise<string> {
    return invoke(context, READ_DEVICE);
  }

  @Transaction(false)
  @Returns('string')
  Locate(context: Context): Promise<string> {
    return invoke(context, LOCATE_DEVICE);
  }

  @Transaction(false)
  @Returns('string')
  ListByPatient(context: Context): Promise<string> {
    return invoke(context, LIST_DEVICES);
  }

  @Transaction(false)
  @Returns('string')
  ReadGaps(context: Context): Promise<string> {
    return invoke(context, READ_GAPS);
  }

  @Transaction(false)
  @Returns('string')
  ListGaps(context: Context): Promise<string> {
    return invoke(context, LIST_GAPS);
  }

  @Transaction(false)
  @Returns('string')
  Status(context: Context): Promise<string> {
    return invoke(context, DEVICE_STATUS);
  }
}
