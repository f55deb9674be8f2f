import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

function source(version: string): string {
  return `
const { Contract } = require(${JSON.stringify(resolve('node_modules/fabric-contract-api'))});
async function count(iterator) {
  let n = 0;
  for await (const _ of iterator) n += 1;
  return String(n);
}
class Notes extends Contract {
  async Put(ctx, key) {
    const value = ctx.stub.getTransient().get('value');
    await ctx.stub.putState(key, Buffer.from('noted'));
    await ctx.stub.putPrivateData('providers', key, value);
    await ctx.stub.putPrivateData('extract', key, value);
  }
  async Get(ctx, collection, key) {
    return Buffer.from(await ctx.stub.getPrivateData(collection, key)).toString();
  }
  async Purge(ctx, key) { await ctx.stub.purgePrivateData('providers', key); }
  async Hash(ctx, key) {
    return Buffer.from(await ctx.stub.getPrivateDataHash('providers', key)).toString('hex');
  }
  async Count(ctx) { return count(ctx.stub.getStateByRange('', '')); }
  async CountPrivate(ctx, collection) {
    return count(ctx.stub.getPrivateDataByRange(collection, '', ''));
  }
  async Version() { return ${JSON.stringify(version)}; }
}
exports.contracts = [Notes];`;
}

/**
 * Writes a chaincode that notes values publicly and privately, counts them, and knows its version.
 *
 * @returns its folder.
 */
export async function writeTestChaincode(folder: string, version: string): Promise<string> {
  const dir = join(folder, `chaincode-${version}`);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'index.js'), source(version));
  const description = { name: 'notes', version, main: 'index.js' };
  await writeFile(join(dir, 'package.json'), JSON.stringify(description));
  return dir;
}
