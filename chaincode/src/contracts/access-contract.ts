import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { ATTEST } from '../access/attest.ts';
import { LIST_ATTESTERS, PUBLISH_ATTESTER, PUT_ATTESTER_KEY } from '../access/attester-keys.ts';
import { LIST_ACCESS, NOTICES } from '../access/list-access.ts';
import { OPEN_CHART } from '../access/open-chart.ts';
import {
  END_REPRESENTATIVE,
  LIST_REPRESENTATIVES,
  SET_REPRESENTATIVE,
} from '../access/representatives.ts';
import { invoke } from '../transaction/invoke.ts';

/** Who may do what: decided by each provider, attested by both, and every opening on record. */
@Info({ title: 'access', description: 'Attested decisions, permits and the log of accesses.' })
export class AccessContract extends Contract {
  constructor() {
    super('access');
  }

  @Transaction()
  @Returns('string')
  PutAttesterKey(context: Context): Promise<string> {
    return invoke(context, PUT_ATTESTER_KEY);
  }

  @Transaction()
  @Returns('string')
  PublishAttester(context: Context): Promise<string> {
    return invoke(context, PUBLISH_ATTESTER);
  }

  @Transaction(false)
  @Returns('string')
  ListAttesters(context: Context): Promise<string> {
    return invoke(context, LIST_ATTESTERS);
  }

  @Transaction(false)
  @Returns('string')
  Attest(context: Context): Promise<string> {
    return invoke(context, ATTEST);
  }

  @Transaction()
  @Returns('string')
  OpenChart(context: Context): Promise<string> {
    return invoke(context, OPEN_CHART);
  }

  @Transaction(false)
  @Returns('string')
  List(context: Context): Promise<string> {
    return invoke(context, LIST_ACCESS);
  }

  @Transaction(false)
  @Returns('string')
  Notices(context: Context): Promise<string> {
    return invoke(context, NOTICES);
  }

  @Transaction()
  @Returns('string')
  SetRepresentative(context: Context): Promise<string> {
    return invoke(context, SET_REPRESENTATIVE);
  }

  @Transaction()
  @Returns('string')
  EndRepresentative(context: Context): Promise<string> {
    return invoke(context, END_REPRESENTATIVE);
  }

  @Transaction(false)
  @Returns('string')
  ListRepresentatives(context: Context): Promise<string> {
    return invoke(context, LIST_REPRESENTATIVES);
  }
}
