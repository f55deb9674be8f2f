import { msp as protos } from '@hyperledger/fabric-protos';
import { bytes } from '../protos/bytes.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { Identity } from './identity.ts';
import { type Msp, UnknownIdentityError } from './msp.ts';

/** Short-lived user certificates come and go; a thousand are a busy quarter of an hour. */
const MAX_CACHED_IDENTITIES = 1000;

/** All MSPs of a channel: turns the serialized identities of messages into identities. */
export class MspManager {
  readonly #msps: ReadonlyMap<string, Msp>;
  readonly #cache = new BoundedCache<Identity>(MAX_CACHED_IDENTITIES);

  constructor(msps: readonly Msp[]) {
    this.#msps = new Map(msps.map((msp) => [msp.mspId, msp]));
  }

  /**
   * @param serialized bytes of msp.SerializedIdentity
   * @throws UnknownIdentityError when no MSP of the channel has it.
   */
  deserialize(serialized: Uint8Array): Identity {
    const key = Buffer.from(
      serialized.buffer,
      serialized.byteOffset,
      serialized.byteLength,
    ).toString('latin1');
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const { mspId, pem } = parseSerialized(serialized);
    const msp = this.#msps.get(mspId);
    if (msp === undefined) throw new UnknownIdentityError('MSP is not defined on channel');
    const identity = msp.identity(pem);
    this.#cache.set(key, identity);
    return identity;
  }

  /** The identity, or undefined when no MSP of the channel has it. */
  find(serialized: Uint8Array): Identity | undefined {
    try {
      return this.deserialize(serialized);
    } catch (error) {
      if (error instanceof UnknownIdentityError) return undefined;
      throw error;
    }
  }
}

/** Takes bytes of msp.SerializedIdentity apart. @throws UnknownIdentityError */
export function parseSerialized(serialized: Uint8Array): { mspId: string; pem: Uint8Array } {
  try {
    const message = protos.SerializedIdentity.deserializeBinary(bytes(serialized));
    return { mspId: message.getMspid(), pem: message.getIdBytes_asU8() };
  } catch {
    throw new UnknownIdentityError('could not deserialize a SerializedIdentity');
  }
}

/** Bytes of msp.SerializedIdentity. */
export function serializeIdentity(mspId: string, pem: string): Uint8Array {
  const message = new protos.SerializedIdentity();
  message.setMspid(mspId);
  message.setIdBytes(new Uint8Array(Buffer.from(pem)));
  return message.serializeBinary();
}
