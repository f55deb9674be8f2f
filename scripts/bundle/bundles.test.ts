import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build, type Metafile } from 'esbuild';
import { budgetOf } from './budgets.ts';
import { gatewayClient } from './gateway-client.ts';
import { lambdaNames, lambdaOptions } from './lambda-options.ts';
import { loadTimeMs } from './load.ts';

const ROOT = join(__dirname, '..', '..');
const NAMES = lambdaNames(ROOT);
const bundleOf = (name: string): string => join(ROOT, 'dist', 'lambdas', name, 'index.cjs');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulseledger-bundles-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(NAMES)('the bundle of %s', (name) => {
  it('loads by itself and is within its budget', () => {
    expect(loadTimeMs(bundleOf(name))).toBeGreaterThan(0);
    expect(statSync(bundleOf(name)).size).toBeLessThanOrEqual(budgetOf(name));
  });
});

describe('what stands in the bundles', () => {
  let metafile: Metafile;
  beforeAll(async () => {
    ({ metafile } = await build({ ...lambdaOptions(ROOT, NAMES, folder), write: false }));
  });

  /** Folders of packages that a bundle takes code from. */
  function packagesOf(name: string): string[] {
    const [, output] =
      Object.entries(metafile.outputs).find(([file]) => file.endsWith(`${name}/index.cjs`)) ?? [];
    const folders = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) => {
      const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
      return found === null || bytesInOutput === 0 ? [] : [found[0]];
    });
    return [...new Set(folders)];
  }

  it.each(NAMES)('%s has no version of a library twice', (name) => {
    const libraries = packagesOf(name).map((path) => {
      const manifest: unknown = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));
      const { version } = manifest as { version: string };
      return `${path.slice(path.lastIndexOf('node_modules/'))} ${version}`;
    });
    expect(libraries.length).toBeGreaterThan(0);
    expect(libraries.filter((one, index) => libraries.indexOf(one) !== index)).toEqual([]);
  });

  it('has certificates only where people are issued some', () => {
    const issuing = NAMES.filter((name) =>
      packagesOf(name).some((path) => path.endsWith('@peculiar/x509')),
    );
    expect(issuing).toContain('fhir-api');
    expect(issuing).not.toContain('ingest');
  });
});

describe("Fabric's messages in a bundle", () => {
  const explorer = join(ROOT, 'ledger', 'src', 'explorer');

  /** What `@hyperledger/fabric-protos` is for a file of that name, by group: `peer`, `lifecycle` … */
  async function messagesFor(importer: string): Promise<Map<string, object>> {
    const outfile = join(folder, `${basename(dirname(importer))}.cjs`);
    const contents = "module.exports = require('@hyperledger/fabric-protos');";
    await build({
      stdin: { contents, resolveDir: join(ROOT, 'ledger'), sourcefile: importer },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      plugins: [gatewayClient],
      logLevel: 'error',
    });
    const groups = new Map<string, object>();
    const add = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, group] of Object.entries(value) as [string, unknown][]) {
        if (/[A-Z]/.test(name) || typeof group !== 'object' || group === null) continue;
        groups.set(name, group);
        add(group);
      }
    };
    add(createRequire(outfile)(outfile));
    return groups;
  }

  const named = (text: string, pattern: RegExp): [string, string][] =>
    [...text.matchAll(pattern)].map(([, group = '', name = '']) => [group, name]);
  const textsIn = (path: string, ending: RegExp): string[] =>
    readdirSync(path)
      .filter((file) => ending.test(file))
      .map((file) => readFileSync(join(path, file), 'utf8'));
  const missing = (groups: ReadonlyMap<string, object>, names: [string, string][]): string[] =>
    names
      .filter(([group, name]) => !(name in (groups.get(group) ?? {})))
      .map(([group, name]) => `${group}.${name}`);

  it('are all that the Gateway client and our submitting use, and not the rest', async () => {
    const client = join(ROOT, 'node_modules', '@hyperledger', 'fabric-gateway', 'dist');
    const file = join(ROOT, 'ledger', 'src', 'messages.ts');
    const names = [
      ...textsIn(client, /\.js$/).flatMap((text) =>
        named(text, /fabric_protos_1\.(\w+)\.([A-Z]\w+)/g),
      ),
      ...named(readFileSync(file, 'utf8'), /\b(gateway|msp)(?:Proto)?\.([A-Z]\w+)/g),
    ];
    expect(names).toContainEqual(['peer', 'Proposal']);
    const groups = await messagesFor(file);
    expect(missing(groups, names)).toEqual([]);
    expect(groups.get('peer')).not.toHaveProperty('ChaincodeMessage');
    expect(groups.has('lifecycle')).toBe(false);
  });

  it('are all that is used to show blocks and definitions', async () => {
    const names = textsIn(explorer, /(?<!\.test)\.ts$/).flatMap((text) =>
      named(text, /\b(common|peer|msp|rwset|kvrwset|lifecycle)\.([A-Z]\w+)/g),
    );
    expect(names).toContainEqual(['common', 'Block']);
    expect(missing(await messagesFor(join(explorer, 'read-block.ts')), names)).toEqual([]);
  });
});
