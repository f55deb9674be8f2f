import { setTimeout as delay } from 'node:timers/promises';
import { ChangeOutput, type DeviceRequest, type WearerRequest } from '@pulseledger/domain';
import { z } from 'zod';
import { EnrolmentError } from './errors.ts';

const TIMEOUT_MS = 30_000;
/** The API's function is starting, or away for a moment: each request may be sent again. */
const PASSING: ReadonlySet<number> = new Set([502, 503, 504]);
const TRIES = 3;
const PAUSE_MS = 2_000;
const Problem = z.object({ code: z.string(), detail: z.string().default('') });

/** The register of devices on the ledger, through the API, as an administrator. */
export class Register {
  readonly #apiUrl: string;
  readonly #accessToken: string;

  constructor(apiUrl: string, accessToken: string) {
    this.#apiUrl = apiUrl.replace(/\/$/, '');
    this.#accessToken = accessToken;
  }

  /** @throws EnrolmentError when the ledger or the API refuses; the same once more changes nothing */
  register(deviceId: string, device: DeviceRequest): Promise<ChangeOutput> {
    return this.#send('PUT', `devices/${deviceId}`, device);
  }

  /** @throws EnrolmentError like {@link register} */
  assign(deviceId: string, wearer: WearerRequest): Promise<ChangeOutput> {
    return this.#send('PUT', `devices/${deviceId}/wearer`, wearer);
  }

  /** @throws EnrolmentError like {@link register} */
  revoke(deviceId: string): Promise<ChangeOutput> {
    return this.#send('POST', `devices/${deviceId}/revoke`);
  }

  async #send(method: string, path: string, body?: object): Promise<ChangeOutput> {
    let answer = await this.#sendOnce(method, path, body);
    for (let tried = 1; tried < TRIES && PASSING.has(answer.status); tried += 1) {
      await delay(PAUSE_MS);
      answer = await this.#sendOnce(method, path, body);
    }
    return changeIn(answer);
  }

  async #sendOnce(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${this.#apiUrl}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#accessToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new EnrolmentError(
        `The API at ${this.#apiUrl} does not answer. Run the same command again when it does.`,
        { cause: error },
      );
    });
  }
}

/** @throws EnrolmentError for a refusal, with the API's own words */
async function changeIn(answer: Response): Promise<ChangeOutput> {
  const json: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return ChangeOutput.parse(json);
  const problem = Problem.safeParse(json).data;
  if (problem === undefined) {
    throw new EnrolmentError(
      `The API did not answer as it should (status ${answer.status}). The log of its function says why; run the same command again then.`,
    );
  }
  const { code, detail } = problem;
  const login = answer.status === 401 ? ' Log in as an administrator and take a new token.' : '';
  throw new EnrolmentError(
    `The ledger did not take it (${answer.status} ${code}): ${detail}.${login}`,
  );
}
