import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivate } from '../../identity/src/index.ts';
import { chaincodePackage, packageLabel } from './render/chaincode-package.ts';
import { renderCollections } from './render/channel.ts';
import { BUILDER_SCRIPTS } from './render/external-builder.ts';
import { type Layout, text } from './render/layout.ts';
import { renderOrderer, renderPeer } from './render/nodes.ts';

const SCRIPT_MODE = 0o700;

async function writeBuilder(folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'), { recursive: true, mode: SCRIPT_MODE });
  for (const [name, script] of Object.entries(BUILDER_SCRIPTS)) {
    const file = join(folder, 'bin', name);
    await writeFile(file, script, { mode: SCRIPT_MODE });
    await chmod(file, SCRIPT_MODE);
  }
}

/** Writes every rendered file of a network: all of them can be made again from the definition. */
export async function writeConfiguration(layout: Layout): Promise<void> {
  await writeBuilder(layout.builderFolder);
  await writePrivate(layout.collectionsFile, renderCollections(layout));
  for (const peer of layout.peers) {
    await mkdir(peer.ledgerFolder, { recursive: true, mode: 0o700 });
    await writePrivate(join(peer.configFolder, 'core.yaml'), renderPeer(layout, peer));
  }
  for (const orderer of layout.orderers) {
    await mkdir(orderer.ledgerFolder, { recursive: true, mode: 0o700 });
    await writePrivate(join(orderer.configFolder, 'orderer.yaml'), renderOrderer(layout, orderer));
  }
  for (const chaincode of layout.chaincodes) {
    const bytes = chaincodePackage(packageLabel(layout), text(chaincode.grpc));
    await writeFile(chaincode.packageFile, bytes, { mode: 0o600 });
  }
}
