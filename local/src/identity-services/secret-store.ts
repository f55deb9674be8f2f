import { readFile, stat } from 'node:fs/promises';
import { readIfPresent, writePrivate } from '@pulseledger/network/identity';
import { z } from 'zod';

export interface SecretVersion {
  readonly versionId: string;
  /** `AWSCURRENT`, `AWSPREVIOUS` … */
  readonly stages: readonly string[];
  /** Missing while a rotation has not made it yet. */
  readonly value?: string | undefined;
  readonly createdAtMs: number;
}

export interface Secret {
  readonly name: string;
  /** A function may be asked to give it another value. */
  readonly isRotated: boolean;
  readonly versions: readonly SecretVersion[];
}

const fileSchema: z.ZodType<{ readonly secrets: readonly Secret[] }> = z.strictObject({
  secrets: z.array(
    z.strictObject({
      name: z.string().min(1),
      // Files of before identities were rotated do not say it.
      isRotated: z.boolean().default(false),
      versions: z.array(
        z.strictObject({
          versionId: z.string().min(32).max(64),
          stages: z.array(z.string()),
          value: z.string().optional(),
          createdAtMs: z.number(),
        }),
      ),
    }),
  ),
});

const PRIVATE_MODE = 0o600;
const PERMISSION_BITS = 0o777;

/** Reads a file of secrets; undefined when there is none. @throws Error when it does not hold secrets */
export async function readSecrets(file: string): Promise<readonly Secret[] | undefined> {
  const text = await readIfPresent(file);
  return text === undefined ? undefined : fileSchema.parse(JSON.parse(text)).secrets;
}

/** The secrets in a file that only its owner may read. A change of the file is seen by the next call. */
export class SecretStore {
  readonly #file: string;
  #secrets: ReadonlyMap<string, Secret> = new Map();
  #readAtMs = Number.NaN;
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws Error when others can read the file, or it does not hold secrets */
  async find(name: string): Promise<Secret | undefined> {
    const { mtimeMs, mode } = await stat(this.#file);
    if ((mode & PERMISSION_BITS) !== PRIVATE_MODE) {
      throw new Error('The file of secrets can be read by others; its mode has to be 0600.');
    }
    if (mtimeMs !== this.#readAtMs) {
      const parsed: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      const { secrets } = fileSchema.parse(parsed);
      this.#secrets = new Map(secrets.map((secret) => [secret.name, secret]));
      this.#readAtMs = mtimeMs;
    }
    return this.#secrets.get(name);
  }

  /**
   * Changes a secret's versions, one change after the other.
   *
   * @throws what `change` throws; then nothing is changed
   */
  async update(
    name: string,
    change: (versions: readonly SecretVersion[]) => readonly SecretVersion[],
  ): Promise<void> {
    const changing = this.#lastChange.then(async () => {
      const secret = await this.find(name);
      if (secret === undefined) return;
      const changed = new Map(this.#secrets).set(name, {
        ...secret,
        versions: change(secret.versions),
      });
      await writePrivate(this.#file, formatSecrets([...changed.values()]));
      // The time of the file may be the same as before: it is not relied on for our own change.
      this.#secrets = changed;
    });
    this.#lastChange = changing.catch(() => undefined);
    await changing;
  }
}

/** The text of such a file. */
export function formatSecrets(secrets: readonly Secret[]): string {
  return `${JSON.stringify({ secrets }, null, 2)}\n`;
}
