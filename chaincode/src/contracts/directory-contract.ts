import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { DIRECTORY_HISTORY, READ_DIRECTORY } from '../directory/read.ts';
import { ATTEST_QUALIFICATION, CLOSE_DISPUTE, OPEN_DISPUTE } from '../directory/remarks.ts';
import { SEARCH_DIRECTORY } from '../directory/search.ts';
import { WRITE_DIRECTORY } from '../directory/write.ts';
import { invoke } from '../transaction/invoke.ts';

/** Who practises what and where. Inputs and answers are those of the domain package's schemas. */
@Info({ title: 'directory', description: 'Who practises what and where.' })
export class DirectoryContract extends Contract {
  constructor() {
    super('directory');
  }

  @Transaction()
  @Returns('string')
  Write(context: Context): Promise<string> {
    return invoke(context, WRITE_DIRECTORY);
  }

  @Transaction()
  @Returns('string')
  Attest(context: Context): Promise<string> {
    return invoke(context, ATTEST_QUALIFICATION);
  }

  @Transaction()
  @Returns('string')
  Dispute(context: Context): Promise<string> {
    return invoke(context, OPEN_DISPUTE);
  }

  @Transaction()
  @Returns('string')
  CloseDispute(context: Context): Promise<string> {
    return invoke(context, CLOSE_DISPUTE);
  }

  @Transaction(false)
  @Returns('string')
  Read(context: Context): Promise<string> {
    return invoke(context, READ_DIRECTORY);
  }

  @Transaction(false)
  @Returns('string')
  History(context: Context): Promise<string> {
    return invoke(context, DIRECTORY_HISTORY);
  }

  @Transaction(false)
  @Returns('string')
  Search(context: Context): Promise<string> {
    return invoke(context, SEARCH_DIRECTORY);
  }
}
