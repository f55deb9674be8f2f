import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { HostFiles } from './host-files.ts';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What `sha256sum --check` reads. */
export function checksums(files: HostFiles): string {
  return Object.entries(files)
    .map(([name, text]) => `${sha256(text)}  ${name}\n`)
    .toSorted()
    .join('');
}

/** An asset of rendered files, and the hash of its list of hashes, which says all that is in it. */
export interface HostAsset {
  readonly asset: Asset;
  readonly sha256: string;
}

/** Puts files into an asset; CDK takes its copy at once. */
export function hostAsset(scope: Construct, id: string, files: HostFiles): HostAsset {
  const list = checksums(files);
  const folder = mkdtempSync(join(tmpdir(), 'pulse-hosts-'));
  try {
    for (const [name, text] of Object.entries({ ...files, SHA256SUMS: list })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return { asset: new Asset(scope, id, { path: folder }), sha256: sha256(list) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
