import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../is-missing.ts';
import { type ChaincodePackage, readChaincodePackage } from './chaincode-package.ts';
import { LifecycleError } from './errors.ts';

const ENDING = '.tar.gz';
/** More than any development needs; each is kept in memory. */
const MAX_PACKAGES = 1000;

interface Installed {
  readonly description: ChaincodePackage;
  readonly bytes: Uint8Array;
}

/** The chaincode packages of one organization's peer, in a folder of their own. */
export class InstalledPackages {
  readonly #dir: string;
  readonly #packages: Map<string, Installed>;

  private constructor(dir: string, packages: Map<string, Installed>) {
    this.#dir = dir;
    this.#packages = packages;
  }

  /** Reads what is installed; a folder that is not there holds nothing. */
  static async open(dir: string): Promise<InstalledPackages> {
    const packages = new Map<string, Installed>();
    for (const name of await filesOf(dir)) {
      if (!name.endsWith(ENDING)) continue;
      const bytes = await readFile(join(dir, name));
      const description = readChaincodePackage(bytes);
      packages.set(description.packageId, { description, bytes });
    }
    return new InstalledPackages(dir, packages);
  }

  get all(): readonly ChaincodePackage[] {
    return [...this.#packages.values()].map(({ description }) => description);
  }

  get(packageId: string): ChaincodePackage | undefined {
    return this.#packages.get(packageId)?.description;
  }

  /** @throws LifecycleError */
  bytesOf(packageId: string): Uint8Array {
    const found = this.#packages.get(packageId);
    if (found !== undefined) return found.bytes;
    throw new LifecycleError(
      `could not load cc install package: chaincode install package '${packageId}' not found`,
    );
  }

  /** Keeps a package. @throws LifecycleError when it is none, or installed already. */
  async install(bytes: Uint8Array): Promise<ChaincodePackage> {
    const description = readChaincodePackage(bytes);
    const { packageId } = description;
    if (this.#packages.has(packageId)) {
      throw new LifecycleError(
        `chaincode already successfully installed (package ID '${packageId}')`,
      );
    }
    if (this.#packages.size >= MAX_PACKAGES) {
      throw new LifecycleError(`there are ${MAX_PACKAGES} packages already`);
    }
    this.#packages.set(packageId, { description, bytes });
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const file = join(this.#dir, `${packageId.replace(':', '.')}${ENDING}`);
    const temporary = join(this.#dir, randomUUID());
    await writeFile(temporary, bytes, { mode: 0o600 });
    await rename(temporary, file);
    return description;
  }
}

async function filesOf(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
