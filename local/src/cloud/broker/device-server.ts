import type { X509Certificate } from 'node:crypto';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsKeys } from '../../loopback-server.ts';
import { PacketMeter } from './packet-meter.ts';
import type { DeviceAuthority } from './revocation-registry.ts';

const MAX_CONNECTIONS = 2_000;
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

export interface Door {
  /** A device whose certificate is valid and of one of the authorities has come. */
  readonly onSocket: (socket: TLSSocket, certificate: X509Certificate, deviceId: string) => void;
  readonly onRefused: (why: TlsRefusal) => void;
}

/** Why nobody came in; the two reasons in time also tell a wrong clock, here or where it was issued. */
export type TlsRefusal = 'tls_refused' | 'certificate_expired' | 'certificate_not_yet_valid';

/** OpenSSL's reasons (X509_V_ERR_…) as Node names them, with our own. */
const REFUSALS: ReadonlyMap<unknown, TlsRefusal> = new Map([
  ['CERT_HAS_EXPIRED', 'certificate_expired'],
  ['CERT_NOT_YET_VALID', 'certificate_not_yet_valid'],
]);

/**
 * A TLS server that lets in only holders of a client certificate (extended key usage clientAuth) that
 * chains to a device authority and is valid now.
 */
export function createDeviceServer(
  tls: TlsKeys,
  authorities: readonly DeviceAuthority[],
  door: Door,
): Server {
  const server = createServer({
    cert: tls.certificatePem,
    key: tls.privateKeyPem,
    ca: authorities.map(({ certificatePem }) => certificatePem),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('secureConnection', (socket) => {
    const certificate = socket.getPeerX509Certificate();
    const deviceId = certificate === undefined ? undefined : commonName(certificate);
    if (certificate === undefined || deviceId === undefined) {
      socket.destroy();
      door.onRefused('tls_refused');
    } else door.onSocket(socket, certificate, deviceId);
  });
  server.on('tlsClientError', (_error, { authorizationError }) => {
    door.onRefused(REFUSALS.get(authorizationError) ?? 'tls_refused');
  });
  return server;
}

/**
 * Watches what aedes reads from the socket (it reads in paused mode, by `read()`), and destroys the
 * socket when a packet announces more than the limit.
 */
export function meterPackets(socket: TLSSocket, onTooLong: () => void): void {
  const meter = new PacketMeter();
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const bytes: unknown = read(size);
    if (!(bytes instanceof Uint8Array) || meter.accept(bytes)) return bytes;
    onTooLong();
    socket.destroy();
    return null;
  };
}

function commonName(certificate: X509Certificate): string | undefined {
  return /^CN=([0-9a-f]{32})$/m.exec(certificate.subject)?.[1];
}
