import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { FIND } from '../emergency/find.ts';
import { COMMIT_INTENT, READ_ON_INTENT } from '../emergency/intent.ts';
import { REPORT, REVIEW, REVIEWS } from '../emergency/review.ts';
import { SET_CHOICE, SET_WRISTBAND } from '../emergency/wristband.ts';
import { invoke } from '../transaction/invoke.ts';

/** Break-glass: finding the patient, reading on an intent, and the review afterwards. */
@Info({ title: 'emergency', description: 'Access in an emergency, and its review.' })
export class EmergencyContract extends Contract {
  constructor() {
    super('emergency');
  }

  @Transaction()
  @Returns('string')
  SetWristband(context: Context): Promise<string> {
    return invoke(context, SET_WRISTBAND);
  }

  @Transaction()
  @Returns('string')
  SetChoice(context: Context): Promise<string> {
    return invoke(context, SET_CHOICE);
  }

  @Transaction(false)
  @Returns('string')
  Find(context: Context): Promise<string> {
    return invoke(context, FIND);
  }

  @Transaction(false)
  @Returns('string')
  ReadOnIntent(context: Context): Promise<string> {
    return invoke(context, READ_ON_INTENT);
  }

  @Transaction()
  @Returns('string')
  CommitIntent(context: Context): Promise<string> {
    return invoke(context, COMMIT_INTENT);
  }

  @Transaction(false)
  @Returns('string')
  Reviews(context: Context): Promise<string> {
    return invoke(context, REVIEWS);
  }

  @Transaction()
  @Returns('string')
  Review(context: Context): Promise<string> {
    return invoke(context, REVIEW);
  }

  @Transaction(false)
  @Returns('string')
  Report(context: Context): Promise<string> {
    return invoke(context, REPORT);
  }
}
