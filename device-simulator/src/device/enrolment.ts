import { setTimeout as sleep } from 'node:timers/promises';
import { Identifier, PulseError } from '@pulseledger/domain';
import { z } from 'zod';
import type { SystemFile } from '../system-file.ts';
import { type HttpAnswer, post } from './https.ts';

/** Attempts at a request that the system asks to repeat, and the wait between them. */
const MAX_ATTEMPTS = 8;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A token is used at most this long (it lives 15 minutes). */
const TOKEN_AGE_MS = 600_000;

/** What a new device says of itself. */
export interface EnrolmentRequest {
  /** P-256 public key, SPKI DER. */
  readonly publicKeySpkiBase64: string;
  readonly patientId: string;
  /** Start of the assignment to the patient. */
  readonly fromMs: number;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** When its certificate shall end; the usual lifetime when left out. */
  readonly certificateUntilMs?: number;
}

/** What it gets. */
export interface Enrolled {
  readonly deviceId: string;
  /** Device certificate, then the chain. */
  readonly certificatePem: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
}
export const Enrolled: z.ZodType<Enrolled> = z.object({
  deviceId: Identifier,
  certificatePem: z.string().startsWith('-----BEGIN').max(65_536),
  brokerUrl: z.url({ protocol: /^mqtts$/ }),
  brokerCaPem: z.string().startsWith('-----BEGIN').max(65_536),
});

/** Makes a device known to the system: registers it, assigns it to a patient, certifies its key. */
export type Enrol = (request: EnrolmentRequest) => Promise<Enrolled>;

/** Takes a device out of service: its certificate counts no more, and nothing new of it is recorded. */
export type Revoke = (deviceId: string, certificatePem: string) => Promise<void>;

const Token = z.object({ access_token: z.string().min(1).max(16_384) });
const Problem = z.object({ code: z.string().max(64) });

function refusal(what: string, answer: HttpAnswer): PulseError {
  let code = '';
  try {
    code = Problem.parse(JSON.parse(answer.body)).code;
  } catch {
    // Not a problem document: the status says enough.
  }
  const named = code === '' ? '' : ` (${code})`;
  return new PulseError('access_denied', `${what} was refused: HTTP ${answer.status}${named}`);
}

function parsed<T>(schema: z.ZodType<T>, answer: HttpAnswer): T {
  try {
    return schema.parse(JSON.parse(answer.body));
  } catch (error) {
    throw new PulseError('internal', 'the system answered otherwise than agreed', { cause: error });
  }
}

async function patiently(ask: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt === MAX_ATTEMPTS;
    let wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    try {
      const answer = await ask();
      if (last || (answer.status !== 429 && answer.status !== 503)) return answer;
      if (answer.retryAfterSeconds !== undefined) {
        wait = Math.min(LONGEST_WAIT_MS, answer.retryAfterSeconds * 1_000);
      }
    } catch (error) {
      const transient = error instanceof PulseError && error.code === 'unavailable';
      if (last || !transient) throw error;
    }
    await sleep(wait);
  }
}

/** What an administrator does about devices. */
export interface Administration {
  readonly enrol: Enrol;
  readonly revoke: Revoke;
}

/** Enrolment and revocation over HTTP at a running system, as one of its administrators. */
export function administrationAt(system: SystemFile): Administration {
  let token: { text: string; atMs: number } | undefined;

  async function freshToken(): Promise<string> {
    if (token !== undefined && Date.now() - token.atMs < TOKEN_AGE_MS) return token.text;
    const login = system.logins.find((candidate) => candidate.role === 'administrator');
    if (login === undefined) {
      throw new PulseError('access_denied', 'the system file names no administrator login');
    }
    const form = new URLSearchParams({
      grant_type: 'password',
      username: login.user,
      password: login.password,
      client_id: system.clientId,
    });
    const answer = await patiently(() =>
      post(
        system.tokenUrl,
        system.apiCaPem,
        { 'content-type': 'application/x-www-form-urlencoded' },
        form.toString(),
      ),
    );
    if (answer.status !== 200) throw refusal('the administrator login', answer);
    token = { text: parsed(Token, answer).access_token, atMs: Date.now() };
    return token.text;
  }

  async function ask(url: string, body: object): Promise<HttpAnswer> {
    const bearer = await freshToken();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
    return patiently(() => post(url, system.apiCaPem, headers, JSON.stringify(body)));
  }

  return {
    enrol: async (request) => {
      const answer = await ask(system.enrolmentUrl, request);
      if (answer.status !== 200 && answer.status !== 201) throw refusal('the enrolment', answer);
      return parsed(Enrolled, answer);
    },
    revoke: async (deviceId, certificatePem) => {
      const answer = await ask(`${system.enrolmentUrl}/${deviceId}/revoke`, { certificatePem });
      if (answer.status !== 204) throw refusal('the revocation', answer);
    },
  };
}

/** Enrolment over HTTP at a running system. */
export function enrolmentAt(system: SystemFile): Enrol {
  return administrationAt(system).enrol;
}
