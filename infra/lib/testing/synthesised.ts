import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, AppProps } from 'aws-cdk-lib';
import { z } from 'zod';
import type { Environment } from '../../environments/environment.ts';
import { createApp } from '../app.ts';

const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
const ROOT = join(import.meta.dirname, '..', '..', '..');
const HASH = /[0-9a-f]{64}/g;

/** One stack's template, by environment and name. */
export interface SynthesisedStack {
  readonly environment: string;
  readonly name: string;
  /** Where it is deployed. */
  readonly account: string;
  readonly template: Readonly<Record<string, unknown>>;
}

/** The feature flags that `cdk` reads from cdk.json, so that tests see what is deployed. */
function cdkContext(): Record<string, unknown> {
  const parsed: unknown = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  return CdkJson.parse(parsed).context;
}

/** Runs `work` with an app that writes into a folder of its own. */
export function withApp<T>(create: (props: AppProps) => App, work: (app: App) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'cdk-'));
  try {
    return work(create({ outdir, context: cdkContext() }));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/**
 * Every stack of these environments; of all of them when none is named.
 *
 * @throws Error ValidationFailed when a rule of the packs or of CloudFormation finds something.
 */
export function synthesise(environments?: readonly Environment[]): SynthesisedStack[] {
  const create = (props: AppProps): App => createApp(props, environments);
  return withApp(create, (app) =>
    app.synth().nestedAssemblies.flatMap(({ nestedAssembly }) =>
      nestedAssembly.stacks.map(({ displayName, template, environment: { account } }) => {
        const [environment = '', name = ''] = displayName.split(/[/ ]/);
        return { environment, name, account, template: withoutHashes(template) };
      }),
    ),
  );
}

/** Hashes of built files change with every build and say nothing about the template. */
function withoutHashes(template: unknown): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(JSON.stringify(template).replaceAll(HASH, '<hash>'));
  return z.record(z.string(), z.unknown()).parse(parsed);
}
