import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkDefinition, OrganizationDefinition } from '@pulseledger/network/definition';
import {
  createAuthorities,
  issueOrderer,
  issuePeer,
  issueService,
  organizationKeys,
  readIfPresent,
  type ServiceName,
  servicesOf,
  writePrivate,
} from '@pulseledger/network/identity';
import { z } from 'zod';
import { authoritySecretName } from '../lib/names.ts';
import { ProvisionError } from './errors.ts';
import type { SecretValues } from './secret-values.ts';

/** Text by path below the folder of keys; the form in which machines take their keys. */
export type KeyFiles = Readonly<Record<string, string>>;

const filesSchema = z.object({
  files: z.record(z.string().regex(/^[a-z0-9][\w./-]*$/), z.string()),
});
const identitySchema = z.object({
  mspId: z.string(),
  certificatePem: z.string().includes('BEGIN CERTIFICATE'),
  privateKeyPem: z.string().includes('PRIVATE KEY'),
});

/** JSON and zod quote what they cannot read, and that is a key here: their words are not passed on. */
function parseValue<T>(schema: z.ZodType<T>, secret: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new ProvisionError(
      `The secret ${secret} holds something else than keys of this network. Empty it, or choose another environment.`,
    );
  }
}

/** The files below some folders of the folder of keys. */
export async function readKeyFiles(
  keysFolder: string,
  folders: readonly string[],
): Promise<KeyFiles> {
  const found: Record<string, string> = {};
  for (const folder of folders) {
    const entries = await readdir(join(keysFolder, folder), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) Object.assign(found, await readKeyFiles(keysFolder, [name]));
      else found[name] = await readFile(join(keysFolder, name), 'utf8');
    }
  }
  return found;
}

/** Where an organization's secrets are. */
export interface SecretPlaces {
  /** The organization's own account: authorities, nodes. */
  readonly own: SecretValues;
  /** The account of the functions: what they sign with in the organization's name. */
  readonly common: SecretValues;
}

/** One secret and the files that it stands for. */
interface Kept {
  readonly secrets: SecretValues;
  readonly secret: string;
  readonly restore: (text: string) => Promise<void>;
  /** The value that the folder gives; undefined when `present` says the same. */
  readonly value: (present: string | undefined) => Promise<string | undefined>;
}

/** Moves one organization's keys between a folder, where they are made, and its secrets, where they stay. */
export class KeyStore {
  readonly #places: SecretPlaces;
  readonly #keysFolder: string;
  readonly #organization: OrganizationDefinition;
  readonly #present = new Map<string, string>();

  constructor(places: SecretPlaces, keysFolder: string, organization: OrganizationDefinition) {
    this.#places = places;
    this.#keysFolder = keysFolder;
    this.#organization = organization;
  }

  /** Puts into the folder what the secrets hold. */
  async restore(): Promise<void> {
    for (const { secrets, secret, restore } of this.#kept()) {
      const text = await secrets.read(secret);
      if (text === undefined) continue;
      this.#present.set(secret, text);
      await restore(text);
    }
  }

  /** Makes what is not in the folder yet. */
  async issue(definition: NetworkDefinition): Promise<void> {
    const own = { ...definition, organizations: [this.#organization] };
    await createAuthorities(this.#keysFolder, own);
    const { peers, orderers } = this.#organization;
    for (const name of peers) await issuePeer(this.#keysFolder, this.#organization, name);
    for (const name of orderers) await issueOrderer(this.#keysFolder, this.#organization, name);
    for (const service of servicesOf(this.#organization)) {
      await issueService(this.#keysFolder, this.#organization, service);
    }
  }

  /** Writes the secrets whose files are new. @returns names of what was written. */
  async save(): Promise<string[]> {
    const written: string[] = [];
    for (const { secrets, secret, value } of this.#kept()) {
      const next = await value(this.#present.get(secret));
      if (next === undefined) continue;
      await secrets.write(secret, next);
      this.#present.set(secret, next);
      written.push(secret);
    }
    return written;
  }

  #kept(): Kept[] {
    const { name, peers, orderers } = this.#organization;
    const tls = `${name}/ca/tls`;
    return [
      // Authorities first: whoever is cut off here has issued nothing that they would not know.
      this.#files(authoritySecretName(name), [`${name}/ca`], (file) => !isIssuingPair(file)),
      this.#identity(
        `issuing-ca/${name}`,
        organizationKeys(this.#keysFolder, name).authority.issuing,
      ),
      ...[...peers.map((peer) => ['peers', peer]), ...orderers.map((one) => ['orderers', one])].map(
        ([kind = '', node = '']) =>
          this.#files(
            `node/${name}/${node}`,
            [`${name}/${kind}/${node}`, tls],
            (file) => !file.startsWith(tls) || file === `${tls}/certificate.pem`,
          ),
      ),
      ...servicesOf(this.#organization).map((service) => this.#service(service)),
    ];
  }

  #files(secret: string, folders: readonly string[], belongs: (file: string) => boolean): Kept {
    return {
      secrets: this.#places.own,
      secret,
      restore: async (text) => {
        const { files } = parseValue(filesSchema, secret, text);
        for (const [file, content] of Object.entries(files)) {
          if (file.split('/').includes('..'))
            throw new ProvisionError(`${secret}: a path leaves it.`);
          await writePrivate(join(this.#keysFolder, file), content);
        }
      },
      value: async (present) => {
        const all = Object.entries(await readKeyFiles(this.#keysFolder, folders));
        const files = Object.fromEntries(all.filter(([file]) => belongs(file)));
        const text = JSON.stringify({ files });
        const before =
          present === undefined ? undefined : parseValue(filesSchema, secret, present).files;
        return before !== undefined && isSame(before, files) ? undefined : text;
      },
    };
  }

  #service(service: ServiceName): Kept {
    const { name } = this.#organization;
    return this.#identity(
      `${service}/${name}`,
      organizationKeys(this.#keysFolder, name).service(service),
    );
  }

  #identity(secret: string, files: { certificateFile: string; keyFile: string }): Kept {
    return {
      secrets: this.#places.common,
      secret,
      restore: async (text) => {
        const { certificatePem, privateKeyPem } = parseValue(identitySchema, secret, text);
        await writePrivate(files.keyFile, privateKeyPem);
        await writePrivate(files.certificateFile, certificatePem);
      },
      value: async (present) => {
        const certificatePem = await readFile(files.certificateFile, 'utf8');
        const before =
          present === undefined ? undefined : parseValue(identitySchema, secret, present);
        // A rotation may have put more into the value than what is read here.
        if (before?.certificatePem === certificatePem) return undefined;
        const privateKeyPem = (await readIfPresent(files.keyFile)) ?? '';
        const { mspId } = this.#organization;
        return JSON.stringify({ mspId, certificatePem, privateKeyPem });
      },
    };
  }
}

function isIssuingPair(file: string): boolean {
  return /\/ca\/issuing\/(?:certificate|key)\.pem$/.test(file);
}

function isSame(one: KeyFiles, other: KeyFiles): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
  );
}
