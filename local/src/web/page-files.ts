import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { z } from 'zod';

/** A file of the built page. */
export interface PageFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its name holds its digest. */
  readonly isImmutable: boolean;
}

export interface PageFiles {
  /** By path, e.g. `/index.html`. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** Sent with each of them; the same as on AWS. */
  readonly headers: Readonly<Record<string, string>>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

const YEAR_SECONDS = 31_536_000;
const HEADERS_FILE = 'headers.json';
const Headers = z.record(z.string(), z.string());

/** Reads the built page once: it is small. @throws the system's error when it was not built */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const entries = await readdir(join(folder, 'public'), { recursive: true, withFileTypes: true });
  const files = new Map<string, PageFile>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(join(folder, 'public'), file).split(sep).join('/')}`;
    files.set(path, {
      contentType: CONTENT_TYPES[extname(entry.name)] ?? 'application/octet-stream',
      bytes: new Uint8Array(await readFile(file)),
      isImmutable: /-[0-9A-Z]{8}\./.test(entry.name),
    });
  }
  const headers: unknown = JSON.parse(await readFile(join(folder, HEADERS_FILE), 'utf8'));
  return { files, headers: Headers.parse(headers) };
}

/** A file with the headers that go with the page. */
export function sent(file: PageFile, headers: Readonly<Record<string, string>>): Response {
  return new Response(file.bytes, {
    headers: {
      ...headers,
      'content-type': file.contentType,
      'cache-control': file.isImmutable ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
    },
  });
}
