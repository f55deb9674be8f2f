import { request } from 'node:https';
import { PulseError } from '@pulseledger/domain';

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 1_048_576;

/** An HTTP answer, small enough to hold in memory. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Seconds from the Retry-After header, when it names seconds. */
  readonly retryAfterSeconds?: number;
}

/** Codes of TLS for a certificate that is not what we trust; asking again does not help. */
const CERTIFICATE_ERROR = /CERT|SIGNED|SIGNATURE|ERR_TLS/;

function failure(cause: unknown): PulseError {
  const known = typeof cause === 'object' && cause !== null && 'code' in cause;
  const code = known ? String(cause.code) : '';
  if (CERTIFICATE_ERROR.test(code)) {
    const text = `the certificate of the system is not the one that its system file names (${code})`;
    return new PulseError('unauthenticated', text, { cause });
  }
  return new PulseError('unavailable', 'the system does not answer', { cause });
}

/**
 * POST over TLS, trusting only the given CA (`fetch` cannot be told a CA for one request).
 *
 * @throws PulseError unavailable when there is no answer, unauthenticated when it is not from there.
 */
export async function post(
  url: string,
  caPem: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(failure(cause));
    };
    const call = request(
      url,
      {
        method: 'POST',
        ca: caPem,
        timeout: TIMEOUT_MS,
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > MAX_ANSWER_BYTES) call.destroy(new Error('answer too long'));
          else parts.push(part);
        });
        response.on('error', fail);
        response.on('end', () => {
          const seconds = Number(response.headers['retry-after']);
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString('utf8'),
            ...(seconds > 0 ? { retryAfterSeconds: seconds } : {}),
          });
        });
      },
    );
    call.on('timeout', () => {
      call.destroy(new Error('no answer in time'));
    });
    call.on('error', fail);
    call.end(body);
  });
}
