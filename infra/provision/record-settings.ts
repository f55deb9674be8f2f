import { createHash, randomBytes } from 'node:crypto';
import {
  AttesterKey,
  ListAttestersInput,
  ListAttestersOutput,
  PutAttesterKeyInput,
  RelyingParty,
  SetAuthorGroupInput,
  SetIndexSecretInput,
} from '@pulseledger/domain';
import { provideAttesters } from '@pulseledger/ledger';
import type { z } from 'zod';
import type { AuthorChanges } from './note-authors.ts';
import type { NoteGroup } from './note-keys.ts';

/** Calls of contract functions as an administrator of one provider. */
export interface ContractCalls {
  /** Ends when it is committed. `own`: nobody else's peers see the input. */
  readonly submit: (name: string, input: string, endorsers: 'own' | 'all') => Promise<void>;
  readonly evaluate: (name: string, input: string) => Promise<string>;
}

/** What a provider's administrator says on the ledger before anybody can use it. */
export interface RecordSettings {
  /** Where passkeys are made and used. */
  readonly pageOrigin: string;
  readonly noteGroup: NoteGroup;
  /**
   * Who joins the group and who leaves it.
   *
   * @default - its members stay
   */
  readonly authors?: AuthorChanges | undefined;
}

/** Raised when {@link applySettings} says more than before: it is then said again everywhere. */
const VERSION = 1;
const SECRET_BYTES = 32;
const SALT_BYTES = 16;
const NOBODY: AuthorChanges = { add: [], remove: [] };

/** Changes when something has to be said anew. */
export function settingsHash({ pageOrigin, noteGroup }: RecordSettings): string {
  const { groupId, keyId } = noteGroup;
  const said = JSON.stringify([VERSION, pageOrigin, groupId, keyId]);
  return createHash('sha256').update(said).digest('hex');
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/**
 * Says it, as the local network does at its first start (local/src/supervisor/seeding.ts): each of it can be said again,
 * and what has to stay as it is stays.
 *
 * @throws ZodError and what the calls throw.
 */
export async function applySettings(
  calls: ContractCalls,
  mspId: string,
  { pageOrigin, noteGroup, authors = NOBODY }: RecordSettings,
): Promise<void> {
  const change = async <In>(
    name: string,
    schema: z.ZodType<In>,
    input: In,
    endorsers: 'own' | 'all' = 'all',
  ): Promise<void> => {
    await calls.submit(name, JSON.stringify(schema.parse(input)), endorsers);
  };
  // Before anything else: without them nobody opens a chart.
  const access = {
    listAttesters: async (): Promise<ListAttestersOutput> => {
      const input = JSON.stringify(ListAttestersInput.parse({}));
      return ListAttestersOutput.parse(
        JSON.parse(await calls.evaluate('access:ListAttesters', input)),
      );
    },
    putAttesterKey: (input: PutAttesterKeyInput): Promise<void> =>
      change('access:PutAttesterKey', PutAttesterKeyInput, input, 'own'),
    publishAttester: (input: AttesterKey): Promise<void> =>
      change('access:PublishAttester', AttesterKey, input),
  };
  await provideAttesters([{ mspId, access }], Date.now());
  const { hostname, origin } = new URL(pageOrigin);
  await change('consent:SetRelyingParty', RelyingParty, { id: hostname, origins: [origin] });
  // Who says it first has said it for both.
  const index = { secretHex: random(SECRET_BYTES), saltHex: random(SALT_BYTES) };
  await change('record:SetIndexSecret', SetIndexSecretInput, index);
  const group = { ...noteGroup, ...authors, saltHex: random(SALT_BYTES) };
  await change('record:SetAuthorGroup', SetAuthorGroupInput, group);
}
