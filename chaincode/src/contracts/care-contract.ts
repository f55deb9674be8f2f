import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { LINK, LIST_LINKS, UNLINK } from '../care/links.ts';
import { LIST_PATIENTS } from '../care/list-patients.ts';
import { READ_PATIENT } from '../care/read-patient.ts';
import { REGISTER_PATIENT } from '../care/register-patient.ts';
import { END_TREATING, LIST_TREATING, SET_TREATING } from '../care/treating.ts';
import { invoke } from '../transaction/invoke.ts';

/** Patients and who treats them. Inputs and answers are those of the domain package's schemas. */
@Info({ title: 'care', description: 'Patients and who treats them.' })
export class CareContract extends Contract {
  constructor() {
    super('care');
  }

  @Transaction()
  @Returns('string')
  RegisterPatient(context: Context): Promise<string> {
    return invoke(context, REGISTER_PATIENT);
  }

  @Transaction()
  @Returns('string')
  SetTreating(context: Context): Promise<string> {
    return invoke(context, SET_TREATING);
  }

  @Transaction()
  @Returns('string')
  EndTreating(context: Context): Promise<string> {
    return invoke(context, END_TREATING);
  }

  @Transaction(false)
  @Returns('string')
  ListTreating(context: Context): Promise<string> {
    return invoke(context, LIST_TREATING);
  }

  @Transaction(false)
  @Returns('string')
  ReadPatient(context: Context): Promise<string> {
    return invoke(context, READ_PATIENT);
  }

  @Transaction(false)
  @Returns('string')
  ListPatients(context: Context): Promise<string> {
    return invoke(context, LIST_PATIENTS);
  }

  @Transaction()
  @Returns('string')
  Link(context: Context): Promise<string> {
    return invoke(context, LINK);
  }

  @Transaction()
  @Returns('string')
  Unlink(context: Context): Promise<string> {
    return invoke(context, UNLINK);
  }

  @Transaction(false)
  @Returns('string')
  ListLinks(context: Context): Promise<string> {
    return invoke(context, LIST_LINKS);
  }
}
