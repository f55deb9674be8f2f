import { createHash } from 'node:crypto';
import { peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';

const { StateData, StateMetadata } = peer.lifecycle;

/** State that a structure is read from. */
export interface ReadableState {
  get(key: string): Uint8Array | undefined;
}

export interface WritableState extends ReadableState {
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
}

/** An organization's private state, of which others know the hashes. */
export interface OpaqueState {
  readonly mspId: string;
  hash(key: string): Uint8Array | undefined;
}

/** A field as it is stored (protos lifecycle.StateData). */
export type Field =
  | { readonly number: number }
  | { readonly bytes: Uint8Array }
  | { readonly text: string };

/** Something that is stored field by field, so that only what changes is written. */
export interface Structure {
  /** Name of Fabric's type. */
  readonly type: string;
  readonly fields: ReadonlyMap<string, Field>;
}

export function metadataKey(area: string, name: string): string {
  return `${area}/metadata/${name}`;
}

export function fieldKey(area: string, name: string, field: string): string {
  return `${area}/fields/${name}/${field}`;
}

function encodeField(field: Field): Uint8Array {
  const message = new StateData();
  if ('number' in field) message.setInt64(field.number);
  else if ('bytes' in field) message.setBytes(field.bytes);
  else message.setString(field.text);
  return message.serializeBinary();
}

function encodeMetadata({ type, fields }: Structure): Uint8Array {
  const message = new StateMetadata();
  message.setDatatype(type);
  message.setFieldsList([...fields.keys()]);
  return message.serializeBinary();
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** What kind of structure is stored under a name; undefined when there is none. */
export function readType(state: ReadableState, area: string, name: string): string | undefined {
  return readMetadata(state, area, name)?.getDatatype();
}

function readMetadata(
  state: ReadableState,
  area: string,
  name: string,
): peer.lifecycle.StateMetadata | undefined {
  return readOr(state.get(metadataKey(area, name)), StateMetadata);
}

/** A field of a structure; a field that is not there is the empty message, as in Fabric. */
export function readField(
  state: ReadableState,
  area: string,
  name: string,
  field: string,
): peer.lifecycle.StateData {
  return readOr(state.get(fieldKey(area, name, field)), StateData) ?? new StateData();
}

/**
 * Writes what is different from what is stored (core/chaincode/lifecycle/serializer.go): the fields first, then which
 * they are.
 */
export function writeStructure(
  state: WritableState,
  area: string,
  name: string,
  structure: Structure,
): void {
  const known = readMetadata(state, area, name);
  const stored = new Map(
    (known?.getFieldsList() ?? []).map((field) => {
      const key = fieldKey(area, name, field);
      return [key, state.get(key)];
    }),
  );
  for (const [field, value] of structure.fields) {
    const key = fieldKey(area, name, field);
    const bytes = encodeField(value);
    if (!isSame(stored.get(key), bytes)) state.put(key, bytes);
    stored.delete(key);
  }
  const isKnown =
    stored.size === 0 &&
    known?.getDatatype() === structure.type &&
    known.getFieldsList().length === structure.fields.size;
  if (!isKnown) state.put(metadataKey(area, name), encodeMetadata(structure));
  for (const key of stored.keys()) state.delete(key);
}

/**
 * What of a structure is not so in an organization's private state, by the hashes; empty when all of it is. Of another
 * kind of structure, or none at all, only the kind is told.
 */
export function mismatches(
  state: OpaqueState,
  area: string,
  name: string,
  structure: Structure,
): readonly string[] {
  const kind = state.hash(metadataKey(area, name));
  const found = new Map(
    [...structure.fields.keys()].map((field) => [field, state.hash(fieldKey(area, name, field))]),
  );
  if (!isSame(kind, sha256(encodeMetadata(structure)))) return [structure.type];
  return [...structure.fields]
    .filter(([field, value]) => !isSame(found.get(field), sha256(encodeField(value))))
    .map(([field]) => field);
}
