import { mkdir } from 'node:fs/promises';
import { Collections } from './collections.ts';
import { Database, prefixRange } from './database.ts';
import { METADATA_USED_PREFIX, metadataUsedNamespace } from './keys.ts';
import { KvLedger } from './kv-ledger.ts';
import { TransientStore } from './transient-store.ts';
import type { DevelopmentLedger, LedgerOptions } from './types.ts';

/**
 * Opens a channel's ledger, or makes an empty one. After a kill at any moment it is as of the last block that was
 * written completely.
 * @throws LedgerError when the directory is in use, cannot be written, or holds another channel.
 */
export async function openLedger(options: LedgerOptions): Promise<DevelopmentLedger> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const database = await Database.open(options.dir, options.sync ?? true);
  try {
    const collections = new Collections(options.organizations, options.namespaces);
    const transient = await TransientStore.open(database, collections);
    const used = await database.all({ ...prefixRange(METADATA_USED_PREFIX), keysOnly: true });
    return new KvLedger({
      channel: options.channel,
      organizations: options.organizations,
      database,
      collections,
      transient,
      interventions: options.interventions,
      metadataUsed: new Set(used.map(({ key }) => metadataUsedNamespace(key))),
    });
  } catch (error) {
    await database.close();
    throw error;
  }
}
