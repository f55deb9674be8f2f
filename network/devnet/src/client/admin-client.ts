import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import {
  type AdminFile,
  adminFileSchema,
  clockSchema,
  countSchema,
  DUMP_VERB,
  doneSchema,
  heightSchema,
  identitySchema,
  LOAD_VERB,
  minedSchema,
  PATH_PREFIX,
  refusalSchema,
  snapshotSchema,
  statusSchema,
} from '../admin/protocol.ts';
import type {
  DevnetClock,
  DevnetControl,
  DevnetStatus,
  IdentityRequest,
  IssuedIdentity,
  MinedBlock,
} from '../control/control.ts';
import { readDump, writeDump } from '../control/dump-file.ts';
import { ControlError } from '../control/errors.ts';
import { type Fault, type ListedFault, listedFaultSchema } from '../control/fault-types.ts';
import { type TransactionTrace, traceSchema } from '../control/trace-types.ts';
import type { LedgerSnapshot } from '../ledger/types.ts';
import type { BlockCutting } from '../orderer/block-cutting.ts';

const OK = 200;

/** A network's control over its admin endpoint. */
class AdminClient implements DevnetControl {
  readonly #admin: AdminFile;

  constructor(admin: AdminFile) {
    this.#admin = admin;
  }

  status(): Promise<DevnetStatus> {
    return this.#call('status', {}, statusSchema);
  }

  snapshot(): Promise<LedgerSnapshot> {
    return this.#call('snapshot', {}, snapshotSchema);
  }

  async revert(id: number): Promise<void> {
    await this.#call('revert', { id }, doneSchema);
  }

  async releaseSnapshot(id: number): Promise<void> {
    await this.#call('release-snapshot', { id }, doneSchema);
  }

  async dump(file: string): Promise<void> {
    await writeDump(await this.#send(DUMP_VERB, ''), file);
  }

  async load(file: string): Promise<void> {
    doneSchema.parse(await json(await this.#send(LOAD_VERB, await readDump(file))));
  }

  verify(): Promise<{ readonly height: number }> {
    return this.#call('verify', {}, heightSchema);
  }

  async setCutting(cutting: BlockCutting): Promise<void> {
    await this.#call('set-cutting', cutting, doneSchema);
  }

  mine(): Promise<readonly MinedBlock[]> {
    return this.#call('mine', {}, minedSchema);
  }

  setTime(timeMs: number | undefined): Promise<DevnetClock> {
    return this.#call('set-time', { timeMs }, clockSchema);
  }

  addFault(fault: Fault): Promise<ListedFault> {
    return this.#call('add-fault', fault, listedFaultSchema);
  }

  async clearFaults(id?: number): Promise<number> {
    return (await this.#call('clear-faults', { id }, countSchema)).count;
  }

  trace(txId: string, mspId?: string): Promise<TransactionTrace> {
    return this.#call('trace', { txId, mspId }, traceSchema);
  }

  issueIdentity(request: IdentityRequest): Promise<IssuedIdentity> {
    return this.#call('issue-identity', request, identitySchema);
  }

  async #call<T>(verb: string, input: object, output: z.ZodType<T>): Promise<T> {
    return output.parse(await json(await this.#send(verb, JSON.stringify(input))));
  }

  /** The body of the answer. @throws ControlError when it is a refusal, or nobody answers. */
  async #send(verb: string, body: string | Readable): Promise<IncomingMessage> {
    const { url, token } = this.#admin;
    const request = httpRequest(new URL(PATH_PREFIX + verb, url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': typeof body === 'string' ? 'application/json' : 'application/gzip',
        ...(typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}),
      },
      agent: false,
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
    if (typeof body === 'string') request.end(body);
    // A refusal may come before all of the dump is sent; then the answer says why.
    else pipeline(body, request).catch(() => undefined);
    const answer = await answered.catch((cause: unknown) => {
      throw new ControlError(
        `The admin endpoint at ${url} does not answer. Is the network running, and with --admin?`,
        { cause },
      );
    });
    if (answer.statusCode === OK) return answer;
    throw new ControlError(refusalSchema.parse(await json(answer)).error);
  }
}

/**
 * The control of a network that runs in another process, by the file that it wrote: `DATA/run/admin.json`.
 *
 * @throws ControlError when there is no such file.
 */
export async function connectAdmin(file: string): Promise<DevnetControl> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ControlError(
      `There is no file ${file} that says where the admin endpoint is. Start the network with --admin, and name its data folder.`,
      { cause },
    );
  }
  return new AdminClient(adminFileSchema.parse(JSON.parse(text)));
}
