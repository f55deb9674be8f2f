import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { LifecycleError } from './errors.ts';

/** Unpacked, at most: a package of a chaincode as a service has a few hundred bytes. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;
const BLOCK_BYTES = 512;
const SIZE = { at: 124, length: 12 };
const TYPE_AT = 156;
const NAME_LENGTH = 100;
const OCTAL = 8;
/** Extended headers of tar; they belong to the file behind them. */
const EXTENDED = new Set(['x', 'g']);
const REGULAR = new Set(['0', '\0']);
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/;

const metadataFile = z.object({ type: z.string().default(''), label: z.string().default('') });
const connectionFile = z.object({
  address: z.string().regex(/^[^\s:]+:\d+$/),
  tls_required: z.boolean().default(false),
});

/** A chaincode that runs as a service, as its package describes it. */
export interface ChaincodePackage {
  readonly packageId: string;
  readonly label: string;
  /** `host:port` of its server. */
  readonly address: string;
}

function gunzip(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    const reason = bytes.length === 0 ? 'EOF' : 'gzip: invalid header';
    throw new LifecycleError(`error reading as gzip stream: ${reason}`, { cause });
  }
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** The files of a tar archive (POSIX ustar). */
function untar(archive: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) break;
    const name = text(header.subarray(0, NAME_LENGTH));
    const size = Number.parseInt(text(header.subarray(SIZE.at, SIZE.at + SIZE.length)), OCTAL);
    const type = String.fromCharCode(header[TYPE_AT] ?? 0);
    const start = at + BLOCK_BYTES;
    if (!Number.isSafeInteger(size) || start + size > archive.length) {
      throw new LifecycleError('error inspecting next tar header: unexpected EOF');
    }
    if (REGULAR.has(type)) files.set(name, archive.subarray(start, start + size));
    else if (!EXTENDED.has(type)) {
      throw new LifecycleError(
        `tar entry ${name} is not a regular file, type ${type.charCodeAt(0)}`,
      );
    }
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return files;
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The package's own description and its code. @throws LifecycleError with Fabric's text (persistence/chaincode_package.go). */
function parse(bytes: Uint8Array): { type: string; label: string; code: Buffer } {
  const files = untar(gunzip(bytes));
  const [metadata, code] = [files.get('metadata.json'), files.get('code.tar.gz')];
  if (code === undefined) {
    throw new LifecycleError('did not find a code package inside the package');
  }
  if (metadata === undefined) {
    throw new LifecycleError('did not find any package metadata (missing metadata.json)');
  }
  const parsed = metadataFile.safeParse(json(metadata));
  if (!parsed.success) throw new LifecycleError('could not unmarshal metadata.json as json');
  const { type, label } = parsed.data;
  if (LABEL.test(label)) return { type, label, code };
  throw new LifecycleError(
    `invalid label '${label}'. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics`,
  );
}

function addressOf(type: string, code: Buffer): string {
  const refuse = (reason: string): LifecycleError =>
    new LifecycleError(`could not build chaincode: ${reason}`);
  if (type !== 'ccaas') {
    throw refuse(
      `the development network builds nothing: the package's type must be "ccaas", not "${type}"`,
    );
  }
  const found = connectionFile.safeParse(
    json(untar(gunzip(code)).get('connection.json') ?? Buffer.alloc(0)),
  );
  if (!found.success) throw refuse('its connection.json names no address (host:port)');
  if (found.data.tls_required) {
    throw refuse('the development network connects to chaincode servers without TLS only');
  }
  return found.data.address;
}

/** Fabric's package ID: the label and the SHA-256 of the package. */
export function packageIdOf(label: string, bytes: Uint8Array): string {
  return `${label}:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Reads a package as `peer lifecycle chaincode package` or anybody else makes it: of a chaincode as a service.
 *
 * @throws LifecycleError
 */
export function readChaincodePackage(bytes: Uint8Array): ChaincodePackage {
  const { type, label, code } = explained(() => parse(bytes));
  return { packageId: packageIdOf(label, bytes), label, address: addressOf(type, code) };
}

function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LifecycleError)) throw error;
    const text = `could not parse as a chaincode install package: ${error.message}`;
    throw new LifecycleError(text, { cause: error });
  }
}
