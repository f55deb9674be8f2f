import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MSP_IDS } from '@pulseledger/domain';
import { NETWORK } from '@pulseledger/network/definition';
import { openLedger } from '../../network/devnet/src/ledger/open.ts';

/** All blocks of a stopped devnet, each as its bytes. */
export async function devnetBlocks(ledgerFolder: string): Promise<Buffer[]> {
  const ledger = await openLedger({
    dir: ledgerFolder,
    channel: NETWORK.channel,
    organizations: Object.values(MSP_IDS),
    namespaces: [
      {
        name: NETWORK.chaincode.name,
        collections: NETWORK.chaincode.collections.map(({ name, members, blockToLive }) => ({
          name,
          members,
          blockToLive,
        })),
      },
    ],
  });
  try {
    const blocks: Buffer[] = [];
    for (let number = 0; number < ledger.height; number++) {
      const block = await ledger.block(number);
      if (block === undefined) throw new Error(`block ${number} is missing`);
      blocks.push(Buffer.from(block.serializeBinary()));
    }
    return blocks;
  } finally {
    await ledger.close();
  }
}

/** The block files of every peer and orderer of a stopped native network, as they are. */
export async function fabricBlockFiles(ledgerFolder: string): Promise<Buffer[]> {
  const entries = await readdir(ledgerFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.startsWith('blockfile_'));
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
}
