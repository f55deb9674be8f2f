import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { NetworkPlan } from './layout.ts';

const BLOCK_BYTES = 512;
const DIAL_TIMEOUT = '10s';
/** Of a gzip header (RFC 1952 §2.3): which system made it, and the value for "unknown". */
const GZIP_SYSTEM = 9;
const UNKNOWN_SYSTEM = 255;

interface TarField {
  readonly at: number;
  readonly text: string;
}

/** One file in POSIX ustar format (pax, IEEE 1003.1): a header block and the padded content. */
function tarEntry(name: string, content: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  const fields: TarField[] = [
    { at: 0, text: name },
    { at: 100, text: octal(0o644, 7) },
    { at: 108, text: octal(0, 7) },
    { at: 116, text: octal(0, 7) },
    { at: 124, text: octal(content.length, 11) },
    { at: 136, text: octal(0, 11) },
    // While the checksum is computed, its own field counts as spaces.
    { at: 148, text: ' '.repeat(8) },
    { at: 156, text: '0' },
    { at: 257, text: 'ustar\u000000' },
  ];
  for (const field of fields) header.write(field.text, field.at, 'ascii');
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${octal(checksum, 6)}\0 `, 148, 'ascii');
  const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header, content, padding];
}

function tarGz(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).flatMap(([name, content]) => tarEntry(name, content));
  // Stored, not compressed: how well zlib compresses depends on its version and on the processor.
  const bytes = gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK_BYTES)]), { level: 0 });
  bytes[GZIP_SYSTEM] = UNKNOWN_SYSTEM;
  return bytes;
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/**
 * A package for `peer lifecycle chaincode install` that only says where the chaincode listens. The same
 * input gives the same bytes on every machine, and so the same package ID.
 */
export function chaincodePackage(label: string, address: string): Uint8Array {
  const connection = { address, dial_timeout: DIAL_TIMEOUT, tls_required: false };
  return tarGz({
    'metadata.json': json({ type: 'ccaas', label }),
    'code.tar.gz': tarGz({ 'connection.json': json(connection) }),
  });
}

/** Label of a network's packages, e.g. `pulse_1.0`. */
export function packageLabel({ definition }: Pick<NetworkPlan, 'definition'>): string {
  const { name, version } = definition.chaincode;
  return `${name}_${version}`;
}

/** Fabric's package ID: the label and the SHA-256 of the package. */
export function packageId(label: string, packageBytes: Uint8Array): string {
  return `${label}:${createHash('sha256').update(packageBytes).digest('hex')}`;
}
