import { gzipSync } from 'node:zlib';

const BLOCK_BYTES = 512;

/** One file in POSIX ustar form; readers of packages do not look at checksums. */
function tarEntry(name: string, content: Uint8Array, type = '0'): Uint8Array[] {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  return [
    header,
    content,
    Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES),
  ];
}

/** A gzipped archive of files, and perhaps of entries of another type. */
export function tarGz(files: Readonly<Record<string, Uint8Array>>, type?: string): Uint8Array {
  const entries = Object.entries(files).flatMap(([name, content]) => tarEntry(name, content, type));
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK_BYTES)]));
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** A package of a chaincode as a service. */
export function chaincodePackage(
  label: string,
  connection: Readonly<Record<string, unknown>>,
  type = 'ccaas',
): Uint8Array {
  return tarGz({
    'metadata.json': json({ type, label }),
    'code.tar.gz': tarGz({ 'connection.json': json(connection) }),
  });
}
