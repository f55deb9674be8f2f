import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';

export interface SecretVersion {
  readonly versionId: string;
  /** `AWSCURRENT`, `AWSPREVIOUS` … */
  readonly stages: readonly string[];
  readonly value: string;
  readonly createdAtMs: number;
}

export interface Secret {
  readonly name: string;
  readonly versions: readonly SecretVersion[];
}

const fileSchema: z.ZodType<{ readonly secrets: readonly Secret[] }> = z.strictObject({
  secrets: z.array(
    z.strictObject({
      name: z.string().min(1),
      versions: z.array(
        z.strictObject({
          versionId: z.string().min(32).max(64),
          stages: z.array(z.string()),
          value: z.string(),
          createdAtMs: z.number(),
        }),
      ),
    }),
  ),
});

const PRIVATE_MODE = 0o600;
const PERMISSION_BITS = 0o777;

/** The secrets in a file that only its owner may read. A change of the file is seen by the next call. */
export class SecretStore {
  readonly #file: string;
  #secrets: ReadonlyMap<string, Secret> = new Map();
  #readAtMs = Number.NaN;

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
}

/** The text of such a file. */
export function formatSecrets(secrets: readonly Secret[]): string {
  return `${JSON.stringify({ secrets }, null, 2)}\n`;
}
