import { type ClientDuplexStream, status } from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import type { Signer } from '../../network/devnet/src/msp/signer.ts';
import { signerOf } from './forge.ts';
import { CHANNEL } from './person.ts';
import type { World } from './world.ts';

type Method = 'Deliver' | 'DeliverFiltered' | 'DeliverWithPrivateData';
export type Position = 'oldest' | 'newest' | 'next' | 'none' | number;

/** A request for blocks as a test wants it; what is not said is as an honest client has it. */
export interface SeekOptions {
  readonly method?: Method;
  readonly start?: Position;
  readonly stop?: Position;
  readonly failIfNotReady?: boolean;
  readonly headersOnly?: boolean;
  readonly channel?: string;
  readonly signer?: Signer;
  readonly creator?: Signer;
  /** Milliseconds from now; undefined = now. */
  readonly at?: number;
  readonly noTime?: boolean;
  /** Instead of a seek. */
  readonly data?: Uint8Array;
  /** Instead of all of it. */
  readonly envelope?: Uint8Array;
}

/** One thing that came: a block's number, a status, or how the stream ended. */
export type Delivered =
  | { readonly block: number; readonly message: peer.DeliverResponse }
  | { readonly status: string }
  | { readonly end: string; readonly text?: string };

const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(common.Status).map(([name, code]) => [code, name]),
);
const IDLE_MS = 4_000;

function position(wanted: Position): orderer.SeekPosition | undefined {
  const message = new orderer.SeekPosition();
  if (wanted === 'oldest') message.setOldest(new orderer.SeekOldest());
  else if (wanted === 'newest') message.setNewest(new orderer.SeekNewest());
  else if (wanted === 'next') message.setNextCommit(new orderer.SeekNextCommit());
  else if (wanted === 'none') return undefined;
  else {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(wanted);
    message.setSpecified(specified);
  }
  return message;
}

function seekInfo(options: SeekOptions): Uint8Array {
  const info = new orderer.SeekInfo();
  info.setStart(position(options.start ?? 'oldest'));
  info.setStop(position(options.stop ?? 'newest'));
  if (options.failIfNotReady === true) {
    info.setBehavior(orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY);
  }
  if (options.headersOnly === true) {
    info.setContentType(orderer.SeekInfo.SeekContentType.HEADER_WITH_SIG);
  }
  return info.serializeBinary();
}

function timestampField(seconds: number): Uint8Array {
  const varint: number[] = [];
  for (let rest = seconds; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      varint.push(rest);
      break;
    }
    varint.push((rest % 128) | 0x80);
  }
  return Uint8Array.from([(3 << 3) | 2, varint.length + 1, 1 << 3, ...varint]);
}

/** The signed request. */
export async function seekEnvelope(world: World, options: SeekOptions): Promise<Uint8Array> {
  if (options.envelope !== undefined) return options.envelope;
  const creator = options.creator ?? (await signerOf(world, 'hospital'));
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.DELIVER_SEEK_INFO);
  channelHeader.setChannelId(options.channel ?? CHANNEL);
  const time = timestampField(Math.floor((Date.now() + (options.at ?? 0)) / 1000));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator.serialized);
  const header = new common.Header();
  header.setChannelHeader(
    new Uint8Array(
      Buffer.concat([channelHeader.serializeBinary(), ...(options.noTime === true ? [] : [time])]),
    ),
  );
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(options.data ?? seekInfo(options));
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature((options.signer ?? creator).sign(envelope.getPayload_asU8()));
  return envelope.serializeBinary();
}

function delivered(response: peer.DeliverResponse): Delivered {
  const { TypeCase } = peer.DeliverResponse;
  if (response.getTypeCase() === TypeCase.STATUS) {
    return { status: STATUS_NAMES.get(response.getStatus()) ?? String(response.getStatus()) };
  }
  const block = response.getBlock() ?? response.getBlockAndPrivateData()?.getBlock();
  const number = block?.getHeader()?.getNumber() ?? response.getFilteredBlock()?.getNumber();
  return { block: number ?? -1, message: response };
}

/** A stream of blocks that a row reads from. */
export class BlockStream {
  readonly #call: ClientDuplexStream<Uint8Array, peer.DeliverResponse>;
  readonly #arrived: Delivered[] = [];
  #wake: (() => void) | undefined;

  constructor(call: ClientDuplexStream<Uint8Array, peer.DeliverResponse>) {
    this.#call = call;
    call.on('data', (response: peer.DeliverResponse) => {
      this.#add(delivered(response));
    });
    call.on('error', (error: Error & { code?: number; details?: string }) => {
      const code = status[error.code ?? status.UNKNOWN] ?? 'UNKNOWN';
      this.#add({ end: code, ...(error.details === undefined ? {} : { text: error.details }) });
    });
    call.on('end', () => {
      this.#add({ end: 'OK' });
    });
  }

  write(envelope: Uint8Array): void {
    this.#call.write(envelope);
  }

  halfClose(): void {
    this.#call.end();
  }

  close(): void {
    this.#call.cancel();
  }

  /** What comes next; undefined when nothing comes for a while. */
  async next(idleMs: number = IDLE_MS): Promise<Delivered | undefined> {
    if (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, idleMs);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#arrived.shift();
  }

  /** Everything up to a status, an end, or a pause. */
  async rest(): Promise<Delivered[]> {
    const all: Delivered[] = [];
    for (let found = await this.next(); found !== undefined; found = await this.next()) {
      all.push(found);
      if (!('block' in found)) break;
    }
    return all;
  }

  #add(one: Delivered): void {
    this.#arrived.push(one);
    this.#wake?.();
  }
}

/** Opens a stream at the hospital's peer and asks for blocks. */
export async function openBlocks(world: World, options: SeekOptions = {}): Promise<BlockStream> {
  const person = await world.person('hospital');
  const call = person.grpc.makeBidiStreamRequest(
    `/protos.Deliver/${options.method ?? 'Deliver'}`,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => peer.DeliverResponse.deserializeBinary(new Uint8Array(bytes)),
  );
  const stream = new BlockStream(call);
  stream.write(await seekEnvelope(world, options));
  return stream;
}

/** How an answer is told: numbers from the first one on, statuses, ends. */
export function told(all: readonly Delivered[]): unknown[] {
  const first = all.find((one) => 'block' in one);
  const base = first !== undefined && 'block' in first ? first.block : 0;
  return all.map((one) => ('block' in one ? `block +${one.block - base}` : one));
}
