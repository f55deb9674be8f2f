import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import { ALARM_STATES, RECORD_ALARMS } from '../alarms/ingest-alarms.ts';
import { READ_ALARMS } from '../alarms/read-alarms.ts';
import { ACKNOWLEDGE, SET_LIMITS } from '../alarms/watch.ts';
import { invoke } from '../transaction/invoke.ts';
import { CLOSE_HOUR } from '../vitals/close-hour.ts';
import { FIND_CHUNK } from '../vitals/find-chunk.ts';
import { LIST_HOUR_CHUNKS } from '../vitals/list-hour-chunks.ts';
import { LIST_OPEN_HOURS } from '../vitals/list-open-hours.ts';
import { READ_CHUNKS } from '../vitals/read-chunks.ts';
import { READ_HOURS } from '../vitals/read-hours.ts';
import { READ_MINUTES } from '../vitals/read-minutes.ts';
import { RECORD_CHUNKS } from '../vitals/record-chunks.ts';

/** Readings of the devices, as signed chunks. Inputs and answers are those of the domain package's schemas. */
@Info({ title: 'vitals', description: 'Readings of the devices, as signed chunks.' })
export class VitalsContract extends Contract {
  constructor() {
    super('vitals');
  }

  @Transaction()
  @Returns('string')
  RecordChunks(context: Context): Promise<string> {
    return invoke(context, RECORD_CHUNKS);
  }

  @Transaction()
  @Returns('string')
  CloseHour(context: Context): Promise<string> {
    return invoke(context, CLOSE_HOUR);
  }

  @Transaction(false)
  @Returns('string')
  ReadChunks(context: Context): Promise<string> {
    return invoke(context, READ_CHUNKS);
  }

  @Transaction(false)
  @Returns('string')
  FindChunk(context: Context): Promise<string> {
    return invoke(context, FIND_CHUNK);
  }

  @Transaction(false)
  @Returns('string')
  ReadMinutes(context: Context): Promise<string> {
    return invoke(context, READ_MINUTES);
  }

  @Transaction(false)
  @Returns('string')
  ReadHours(context: Context): Promise<string> {
    return invoke(context, READ_HOURS);
  }

  @Transaction(false)
  @Returns('string')
  ListHourChunks(context: Context): Promise<string> {
    return invoke(context, LIST_HOUR_CHUNKS);
  }

  @Transaction(false)
  @Returns('string')
  ListOpenHours(context: Context): Promise<string> {
    return invoke(context, LIST_OPEN_HOURS);
  }

  @Transaction()
  @Returns('string')
  RecordAlarms(context: Context): Promise<string> {
    return invoke(context, RECORD_ALARMS);
  }

  @Transaction(false)
  @Returns('string')
  AlarmStates(context: Context): Promise<string> {
    return invoke(context, ALARM_STATES);
  }

  @Transaction(false)
  @Returns('string')
  ReadAlarms(context: Context): Promise<string> {
    return invoke(context, READ_ALARMS);
  }

  @Transaction()
  @Returns('string')
  SetLimits(context: Context): Promise<string> {
    return invoke(context, SET_LIMITS);
  }

  @Transaction()
  @Returns('string')
  Acknowledge(context: Context): Promise<string> {
    return invoke(context, ACKNOWLEDGE);
  }
}
