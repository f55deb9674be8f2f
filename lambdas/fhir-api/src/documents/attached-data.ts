/** The bytes of a DocumentReference, taken out of what is stored and put back into what is shown. */
import {
  type Attachment,
  PulseError,
  type RecordView,
  type RecordWrite,
} from '@pulseledger/domain';
import type { DocumentStore } from '@pulseledger/ledger';
import { type FhirJson, isObject, type JsonObject } from '../definitions/fhir-json.ts';

/** Stands at an attachment whose data is kept apart; its value is the object's name. */
const OBJECT_EXTENSION = 'urn:pulseledger:object';
const DEFAULT_TYPE = 'application/octet-stream';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function contentsOf(resource: FhirJson): readonly unknown[] {
  const content: unknown = resource['content'];
  return resource.resourceType === 'DocumentReference' && Array.isArray(content) ? content : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Changes the attachments of a DocumentReference; other resources stay as they are. */
async function withAttachments(
  resource: FhirJson,
  change: (attachment: JsonObject) => Promise<JsonObject>,
): Promise<FhirJson> {
  const contents = contentsOf(resource);
  if (contents.length === 0) return resource;
  const content: unknown[] = [];
  for (const one of contents) {
    const attachment: unknown = isObject(one) ? one['attachment'] : undefined;
    content.push(
      isObject(one) && isObject(attachment)
        ? { ...one, attachment: await change(attachment) }
        : one,
    );
  }
  return { ...resource, content };
}

function bytesOf(data: unknown): Buffer {
  // White space is allowed in base64Binary; it means nothing.
  const text = typeof data === 'string' ? data.replace(/\s+/g, '') : '';
  if (!BASE64.test(text)) {
    throw new PulseError('invalid_input', 'the data of an attachment is not base64');
  }
  return Buffer.from(text, 'base64');
}

/** A write whose bytes are stored, encrypted, beside the ledger. */
export async function storeData(
  documents: DocumentStore,
  write: RecordWrite,
): Promise<RecordWrite> {
  if (write.resource === null) return write;
  const attachments: Attachment[] = [];
  const resource = await withAttachments(write.resource, async (attachment) => {
    const { data, extension, ...rest } = attachment;
    if (data === undefined) return attachment;
    const type = rest['contentType'];
    const stored = await documents.store(
      bytesOf(data),
      typeof type === 'string' ? type : DEFAULT_TYPE,
    );
    attachments.push(stored);
    const mark = { url: OBJECT_EXTENSION, valueId: stored.objectId };
    return { ...rest, extension: [...listOf(extension), mark] };
  });
  return attachments.length === 0 ? write : { ...write, resource, attachments };
}

function isMark(extension: unknown): extension is JsonObject {
  return isObject(extension) && extension['url'] === OBJECT_EXTENSION;
}

function unmarked(attachment: JsonObject): { rest: JsonObject; objectId: unknown } {
  const { extension, ...rest } = attachment;
  const extensions = listOf(extension);
  const others = extensions.filter((one) => !isMark(one));
  const shown = others.length === 0 ? rest : { ...rest, extension: others };
  return { rest: shown, objectId: extensions.find(isMark)?.['valueId'] };
}

/** A record as it is shown: with its bytes, or (in lists) without them. */
export async function showData(
  documents: DocumentStore | undefined,
  view: RecordView,
): Promise<RecordView> {
  if (view.resource === null || view.attachments.length === 0) return view;
  const resource = await withAttachments(view.resource, async (attachment) => {
    const { rest, objectId } = unmarked(attachment);
    const stored = view.attachments.find((one) => one.objectId === objectId);
    if (stored === undefined) return attachment;
    if (documents === undefined) return { ...rest, size: stored.sizeBytes };
    const bytes = await documents.open(stored);
    return { ...rest, data: Buffer.from(bytes).toString('base64') };
  });
  return { ...view, resource };
}
