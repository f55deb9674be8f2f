import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { READ_AUTHOR_GROUP, SET_AUTHOR_GROUP } from '../record/author-groups.ts';
import { ANSWER_CORRECTION, READ_CORRECTIONS, REQUEST_CORRECTION } from '../record/correction.ts';
import { EQUIVALENT_RESULTS } from '../record/equivalent-results.ts';
import { ERASE, LIST_ERASABLE } from '../record/erase.ts';
import {
  ANSWER_ERASURE,
  LIST_ERASURES,
  READ_ERASURES,
  REQUEST_ERASURE,
} from '../record/erasure.ts';
import { SET_INDEX_SECRET } from '../record/index-secret.ts';
import { LIST_ORDERS } from '../record/list-orders.ts';
import { FIND_BY_KEY, FIND_UNIQUE, LOCATE } from '../record/places-of.ts';
import { READ } from '../record/read.ts';
import { HISTORY, READ_VERSION } from '../record/versions.ts';
import { WRITE } from '../record/write.ts';
import { invoke } from '../transaction/invoke.ts';

/** The clinical record. Inputs and answers are those of the domain package's schemas. */
@Info({ title: 'record', description: 'The clinical record.' })
export class RecordContract extends Contract {
  constructor() {
    super('record');
  }

  @Transaction()
  @Returns('string')
  Write(context: Context): Promise<string> {
    return invoke(context, WRITE);
  }

  @Transaction(false)
  @Returns('string')
  Read(context: Context): Promise<string> {
    return invoke(context, READ);
  }

  @Transaction(false)
  @Returns('string')
  ReadVersion(context: Context): Promise<string> {
    return invoke(context, READ_VERSION);
  }

  @Transaction(false)
  @Returns('string')
  History(context: Context): Promise<string> {
    return invoke(context, HISTORY);
  }

  @Transaction(false)
  @Returns('string')
  Locate(context: Context): Promise<string> {
    return invoke(context, LOCATE);
  }

  @Transaction(false)
  @Returns('string')
  FindByKey(context: Context): Promise<string> {
    return invoke(context, FIND_BY_KEY);
  }

  @Transaction(false)
  @Returns('string')
  FindUnique(context: Context): Promise<string> {
    return invoke(context, FIND_UNIQUE);
  }

  @Transaction(false)
  @Returns('string')
  EquivalentResults(context: Context): Promise<string> {
    return invoke(context, EQUIVALENT_RESULTS);
  }

  @Transaction()
  @Returns('string')
  SetIndexSecret(context: Context): Promise<string> {
    return invoke(context, SET_INDEX_SECRET);
  }

  @Transaction()
  @Returns('string')
  SetAuthorGroup(context: Context): Promise<string> {
    return invoke(context, SET_AUTHOR_GROUP);
  }

  @Transaction(false)
  @Returns('string')
  ReadAuthorGroup(context: Context): Promise<string> {
    return invoke(context, READ_AUTHOR_GROUP);
  }

  @Transaction()
  @Returns('string')
  RequestCorrection(context: Context): Promise<string> {
    return invoke(context, REQUEST_CORRECTION);
  }

  @Transaction()
  @Returns('string')
  AnswerCorrection(context: Context): Promise<string> {
    return invoke(context, ANSWER_CORRECTION);
  }

  @Transaction(false)
  @Returns('string')
  ReadCorrections(context: Context): Promise<string> {
    return invoke(context, READ_CORRECTIONS);
  }

  @Transaction()
  @Returns('string')
  RequestErasure(context: Context): Promise<string> {
    return invoke(context, REQUEST_ERASURE);
  }

  @Transaction()
  @Returns('string')
  AnswerErasure(context: Context): Promise<string> {
    return invoke(context, ANSWER_ERASURE);
  }

  @Transaction(false)
  @Returns('string')
  ReadErasures(context: Context): Promise<string> {
    return invoke(context, READ_ERASURES);
  }

  @Transaction(false)
  @Returns('string')
  ListOrders(context: Context): Promise<string> {
    return invoke(context, LIST_ORDERS);
  }

  @Transaction(false)
  @Returns('string')
  ListErasures(context: Context): Promise<string> {
    return invoke(context, LIST_ERASURES);
  }

  @Transaction(false)
  @Returns('string')
  ListErasable(context: Context): Promise<string> {
    return invoke(context, LIST_ERASABLE);
  }

  @Transaction()
  @Returns('string')
  Erase(context: Context): Promise<string> {
    return invoke(context, ERASE);
  }
}
