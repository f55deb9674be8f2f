import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stage } from 'aws-cdk-lib';
import { z } from 'zod';
import type { Environment } from '../../infra/environments/environment.ts';
import { createCheckedApp } from '../../infra/lib/app.ts';
import { DataStack } from '../../infra/lib/stacks/data-stack.ts';
import { FabricStack } from '../../infra/lib/stacks/fabric-stack.ts';
import { IdentitiesStack } from '../../infra/lib/stacks/identities-stack.ts';
import { NetworkStack } from '../../infra/lib/stacks/network-stack.ts';
import { OrganizationStack } from '../../infra/lib/stacks/organization-stack.ts';
import type { Account } from './account.ts';

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
const Assets = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.enum(['zip', 'file']) }),
      destinations: z.record(
        z.string(),
        z.object({ bucketName: z.string(), objectKey: z.string() }),
      ),
    }),
  ),
});
const Tags = z.array(z.object({ Key: z.string(), Value: z.string() }));
const UserData = z.object({ 'Fn::Base64': z.string() });
const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
const ROOT = join(import.meta.dirname, '../..');

type Properties = Readonly<Record<string, unknown>>;

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Puts into the account what a resource stands for; user data of machines are collected. */
function take(
  account: Account,
  type: string,
  properties: Properties,
  userData: Map<string, string>,
): void {
  const { Name, Value, Tags: tags, UserData: data } = properties;
  if (type === 'AWS::SecretsManager::Secret') account.addSecret(String(Name));
  if (type === 'AWS::SSM::Parameter' && typeof Value === 'string') {
    account.putParameter(String(Name), Value);
  }
  if (type === 'AWS::EC2::Instance') {
    const host = Tags.parse(tags).find(({ Key }) => Key === 'Name')?.Value ?? '';
    userData.set(host, UserData.parse(data)['Fn::Base64']);
  }
}

/** As `cdk deploy` packs folders and uploads them. */
function publish(account: Account, folder: string, manifest: string): void {
  const zip = join(folder, 'packed.zip');
  for (const { source, destinations } of Object.values(Assets.parse(json(manifest)).files)) {
    if (source.packaging !== 'zip') continue;
    rmSync(zip, { force: true });
    const args = ['-m', 'zipfile', '-c', zip, ...readdirSync(join(folder, source.path))];
    execFileSync('python3', args, { cwd: join(folder, source.path) });
    for (const { bucketName, objectKey } of Object.values(destinations)) {
      account.putObject(bucketName, objectKey, readFileSync(zip));
    }
  }
}

/**
 * Synthesises the stacks that machines depend on, and puts into the account what its deployment would: secrets (empty), parameters, the
 * assets of machines.
 *
 * @returns user data by host, as the templates have it.
 */
export function deploy(environment: Environment, account: Account): ReadonlyMap<string, string> {
  const outdir = mkdtempSync(join(tmpdir(), 'deployed-'));
  try {
    const { context } = CdkJson.parse(json(join(ROOT, 'cdk.json')));
    const app = createCheckedApp({ outdir, context });
    const stage = new Stage(app, environment.name);
    new DataStack(stage, 'data', { environment });
    new IdentitiesStack(stage, 'identities', { environment });
    new NetworkStack(stage, 'network', { environment });
    for (const { name, account: owner } of environment.organizations) {
      new OrganizationStack(stage, `organization-${name}`, {
        environment,
        account: owner,
        organization: name,
      });
      new FabricStack(stage, `fabric-${name}`, { environment, account: owner, organization: name });
    }
    app.synth();
    const folder = join(outdir, `assembly-${environment.name}`);
    const userData = new Map<string, string>();
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.template.json')) {
        const { Resources } = Template.parse(json(join(folder, name)));
        for (const { Type, Properties } of Object.values(Resources)) {
          take(account, Type, Properties, userData);
        }
      }
      if (/fabric.*\.assets\.json$/.test(name)) publish(account, folder, join(folder, name));
    }
    return userData;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
