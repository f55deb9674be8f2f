import { common, peer } from '@hyperledger/fabric-protos';
import type { GatewayContext } from '../gateway/context.ts';
import type { StreamEnd } from '../gateway/stream-end.ts';
import type { SignedData } from '../policy/signature-set.ts';
import { filteredBlock } from './filtered-block.ts';
import { withPrivateData } from './private-data.ts';
import {
  attestation,
  firstBlock,
  lastBlock,
  readSeek,
  readSeekRequest,
  type Seek,
  type SeekRequest,
} from './seek.ts';

type Status = common.StatusMap[keyof common.StatusMap];
const { SUCCESS, BAD_REQUEST, FORBIDDEN, NOT_FOUND } = common.Status;

/** What a stream carries: whole blocks, blocks without payloads, or blocks with private data. */
export type DeliverKind = 'blocks' | 'filtered' | 'withPrivateData';

/** A client's stream. */
export interface DeliverStream {
  readonly kind: DeliverKind;
  /** Resolves when the stream takes more. */
  send(response: peer.DeliverResponse): Promise<void>;
  readonly end: StreamEnd;
  readonly isCancelled: () => boolean;
}

function statusResponse(status: Status): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  response.setStatus(status);
  return response;
}

/** A peer's deliver service (common/deliver, core/peer/deliverevents.go): one object for each request. */
export class DeliverSession {
  readonly #context: GatewayContext;
  readonly #stream: DeliverStream;

  constructor(context: GatewayContext, stream: DeliverStream) {
    this.#context = context;
    this.#stream = stream;
  }

  /**
   * Answers one request: blocks, then a status.
   *
   * @returns whether the stream takes another one.
   * @throws GatewayError when the ledger went away under it.
   */
  async answer(envelope: common.Envelope): Promise<boolean> {
    const status = await this.#deliver(envelope);
    if (status === undefined) return false;
    await this.#stream.send(statusResponse(status));
    return status === SUCCESS;
  }

  /** undefined: the client has gone. */
  async #deliver(envelope: common.Envelope): Promise<Status | undefined> {
    const { channel, timeWindowMs, now } = this.#context;
    const request = readSeekRequest(envelope);
    if (request === undefined) return BAD_REQUEST;
    if (Math.abs(now() - request.timeMs) > timeWindowMs) return BAD_REQUEST;
    if (request.channel !== channel) return NOT_FOUND;
    const seek = readSeek(request.data);
    if (this.#isExpired(request.signed) || !this.#mayRead(request)) return FORBIDDEN;
    return seek === undefined ? BAD_REQUEST : this.#sendBlocks(request, seek);
  }

  async #sendBlocks(request: SeekRequest, seek: Seek): Promise<Status | undefined> {
    const { ledger } = this.#context;
    const first = firstBlock(seek, ledger.height);
    if (first === undefined) return NOT_FOUND;
    const last = lastBlock(seek, first, ledger.height);
    if (last === undefined) return BAD_REQUEST;
    for (let number = first; ; number += 1) {
      if (seek.failsIfNotReady && number >= ledger.height) return NOT_FOUND;
      const refusal = await this.#sendBlock(request, seek, number);
      if (refusal !== SUCCESS || number === last) return refusal;
    }
  }

  /** Waits for a block and sends it: SUCCESS, why not, or undefined when the client has gone. */
  async #sendBlock(request: SeekRequest, seek: Seek, number: number): Promise<Status | undefined> {
    const { ledger } = this.#context;
    await this.#stream.end.untilBlock(ledger, number);
    if (this.#stream.isCancelled()) return undefined;
    const block = await ledger.block(number);
    if (block === undefined) return NOT_FOUND;
    // A certificate may have expired while the next block was waited for.
    if (this.#isExpired(request.signed)) return FORBIDDEN;
    const sent = seek.headersOnly ? attestation(block) : block;
    await this.#stream.send(await this.#response(sent, request.signed));
    return SUCCESS;
  }

  async #response(block: common.Block, reader: SignedData): Promise<peer.DeliverResponse> {
    const response = new peer.DeliverResponse();
    if (this.#stream.kind === 'blocks') response.setBlock(block);
    else if (this.#stream.kind === 'withPrivateData') {
      response.setBlockAndPrivateData(await withPrivateData(this.#context, block, reader));
    } else {
      try {
        response.setFilteredBlock(filteredBlock(block));
      } catch {
        return statusResponse(BAD_REQUEST);
      }
    }
    return response;
  }

  #isExpired(signed: SignedData): boolean {
    const { msps, now } = this.#context;
    return msps.find(signed.identity)?.isExpiredAt(now()) === true;
  }

  #mayRead({ channel, signed }: SeekRequest): boolean {
    const policy = '/Channel/Application/Readers';
    return this.#context.policies.refuseAccess(channel, policy, signed) === undefined;
  }
}
