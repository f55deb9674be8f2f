import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { CONSENT_ATTEST } from '../consent/attest.ts';
import { COPY } from '../consent/copy.ts';
import { GRANT } from '../consent/grant.ts';
import { INVITE_PASSKEY } from '../consent/invite-passkey.ts';
import { LIST_CONSENTS, LIST_COPIES, LIST_PASSKEYS } from '../consent/list.ts';
import { PREVIEW } from '../consent/preview.ts';
import { LIST_ENDED, PURGE } from '../consent/purge.ts';
import { READ_SHARED } from '../consent/read-shared.ts';
import { REGISTER_PASSKEY } from '../consent/register-passkey.ts';
import { SET_RELYING_PARTY } from '../consent/relying-party.ts';
import { REVOKE } from '../consent/revoke.ts';
import { WORKLIST } from '../consent/worklist.ts';
import { invoke } from '../transaction/invoke.ts';

/** Passkeys, consents and what they share. Inputs and answers are those of the domain package's schemas. */
@Info({ title: 'consent', description: 'Passkeys, consents and what they share.' })
export class ConsentContract extends Contract {
  constructor() {
    super('consent');
  }

  @Transaction()
  @Returns('string')
  SetRelyingParty(context: Context): Promise<string> {
    return invoke(context, SET_RELYING_PARTY);
  }

  @Transaction()
  @Returns('string')
  InvitePasskey(context: Context): Promise<string> {
    return invoke(context, INVITE_PASSKEY);
  }

  @Transaction()
  @Returns('string')
  RegisterPasskey(context: Context): Promise<string> {
    return invoke(context, REGISTER_PASSKEY);
  }

  @Transaction()
  @Returns('string')
  Grant(context: Context): Promise<string> {
    return invoke(context, GRANT);
  }

  @Transaction()
  @Returns('string')
  Copy(context: Context): Promise<string> {
    return invoke(context, COPY);
  }

  @Transaction()
  @Returns('string')
  Revoke(context: Context): Promise<string> {
    return invoke(context, REVOKE);
  }

  @Transaction()
  @Returns('string')
  Purge(context: Context): Promise<string> {
    return invoke(context, PURGE);
  }

  @Transaction(false)
  @Returns('string')
  Attest(context: Context): Promise<string> {
    return invoke(context, CONSENT_ATTEST);
  }

  @Transaction(false)
  @Returns('string')
  List(context: Context): Promise<string> {
    return invoke(context, LIST_CONSENTS);
  }

  @Transaction(false)
  @Returns('string')
  ListCopies(context: Context): Promise<string> {
    return invoke(context, LIST_COPIES);
  }

  @Transaction(false)
  @Returns('string')
  ListPasskeys(context: Context): Promise<string> {
    return invoke(context, LIST_PASSKEYS);
  }

  @Transaction(false)
  @Returns('string')
  ListEnded(context: Context): Promise<string> {
    return invoke(context, LIST_ENDED);
  }

  @Transaction(false)
  @Returns('string')
  Preview(context: Context): Promise<string> {
    return invoke(context, PREVIEW);
  }

  @Transaction(false)
  @Returns('string')
  Worklist(context: Context): Promise<string> {
    return invoke(context, WORKLIST);
  }

  @Transaction(false)
  @Returns('string')
  ReadShared(context: Context): Promise<string> {
    return invoke(context, READ_SHARED);
  }
}
