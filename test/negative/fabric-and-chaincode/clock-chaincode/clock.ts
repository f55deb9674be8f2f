import { type Context, Contract } from 'fabric-contract-api';

/** A contract with the fault that is planted: what it writes depends on a clock of its own. */
class Clock extends Contract {
  async Steady(context: Context): Promise<string> {
    const time = String(context.stub.getDateTimestamp().getTime());
    await context.stub.putState('time', Buffer.from(time));
    return 'written';
  }

  async Planted(context: Context): Promise<string> {
    await context.stub.putState('time', Buffer.from(String(process.hrtime.bigint())));
    return 'written';
  }
}

export const contracts: unknown[] = [Clock];
