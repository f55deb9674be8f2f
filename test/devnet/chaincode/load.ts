import { type Context, Contract } from 'fabric-contract-api';
import { z } from 'zod';

const Keys = z.array(z.string());

/** What a load needs: a public value, a private one and an event with each key. */
class Load extends Contract {
  async Put(context: Context, key: string, value: string): Promise<string> {
    const { stub } = context;
    const previous = await stub.getState(key);
    await stub.putState(key, Buffer.from(value));
    await stub.putPrivateData('both', key, Buffer.from(value));
    stub.setEvent('Put', Buffer.from(key));
    return String(previous.length);
  }

  async Get(context: Context, key: string): Promise<string> {
    return Buffer.from(await context.stub.getState(key)).toString();
  }

  /** Those of the keys (JSON) that have no public value, or another private one. */
  async Missing(context: Context, keys: string): Promise<string> {
    const { stub } = context;
    const missing: string[] = [];
    for (const key of Keys.parse(JSON.parse(keys))) {
      const value = await stub.getState(key);
      const held = await stub.getPrivateData('both', key);
      if (value.length === 0 || Buffer.compare(value, held) !== 0) missing.push(key);
    }
    return JSON.stringify(missing);
  }
}

export const contracts: unknown[] = [Load];
