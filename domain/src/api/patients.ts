import { z } from 'zod';
import { ListPatientsOutput } from '../record/evaluate.ts';

/** Answer of `GET /patients`: whom the caller treats, a page at a time. */
export type PatientsAnswer = ListPatientsOutput;
export const PatientsAnswer: z.ZodType<PatientsAnswer> = ListPatientsOutput;
