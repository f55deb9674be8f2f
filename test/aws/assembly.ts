import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LEFT_OUT } from './bridges.ts';
import type { Account } from './emulator.ts';
import { AwsTestFailure } from './failure.ts';

const Resource = z.looseObject({
  Type: z.string(),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
});
type Resource = z.infer<typeof Resource>;
const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });
const Manifest = z.object({
  artifacts: z.record(z.string(), z.object({ environment: z.string().optional() })),
});

/** What `cdk synth` wrote for one environment. */
export class Assembly {
  readonly folder: string;
  readonly #stage: string;

  constructor(folder: string, environment: string) {
    this.folder = folder;
    this.#stage = join(folder, `assembly-${environment}`);
  }

  /** The account and region that its stacks are for. */
  async account(): Promise<Account> {
    const text = await readFile(join(this.#stage, 'manifest.json'), 'utf8');
    const { artifacts } = Manifest.parse(JSON.parse(text));
    for (const { environment = '' } of Object.values(artifacts)) {
      const [, id, region] = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(environment) ?? [];
      if (id !== undefined && region !== undefined) return { id, region };
    }
    throw new AwsTestFailure('The synthesised app names no account.');
  }

  /**
   * Puts an `index.js` beside each `index.cjs`: AWS' runtime looks for both, the emulator for the first only
   * (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, `UserFunction.js`).
   */
  async nameHandlers(): Promise<void> {
    const assets = (await readdir(this.folder)).filter((name) => name.startsWith('asset.'));
    const bundles = assets.map((name) => join(this.folder, name));
    for (const bundle of bundles.filter((one) => existsSync(join(one, 'index.cjs')))) {
      await writeFile(join(bundle, 'index.js'), "module.exports = require('./index.cjs');\n");
    }
  }

  /**
   * Takes what the emulator cannot make out of the templates.
   *
   * @returns how many resources of each type
   * @throws AwsTestFailure when something else refers to one of them
   */
  async leaveOut(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const files = (await readdir(this.#stage)).filter((name) => name.endsWith('.template.json'));
    for (const file of files) {
      const path = join(this.#stage, file);
      const template = Template.parse(JSON.parse(await readFile(path, 'utf8')));
      const gone = leaveOutOf(template.Resources);
      if (gone.length === 0) continue;
      for (const { type } of gone) counts.set(type, (counts.get(type) ?? 0) + 1);
      const text = JSON.stringify(template);
      const missed = gone.find(({ id }) => text.includes(`"${id}"`));
      if (missed !== undefined) {
        throw new AwsTestFailure(`${file} refers to ${missed.id}, which is left out.`);
      }
      await writeFile(path, text);
    }
    return counts;
  }
}

function leaveOutOf(resources: Record<string, Resource>): { id: string; type: string }[] {
  const types = new Set(LEFT_OUT.map(({ type }) => type));
  const gone = Object.entries(resources)
    .filter(([, { Type }]) => types.has(Type))
    .map(([id, { Type }]) => ({ id, type: Type }));
  const ids = new Set(gone.map(({ id }) => id));
  for (const id of ids) Reflect.deleteProperty(resources, id);
  for (const resource of Object.values(resources)) {
    if (resource.DependsOn === undefined) continue;
    resource.DependsOn = [resource.DependsOn].flat().filter((id) => !ids.has(id));
  }
  return gone;
}
