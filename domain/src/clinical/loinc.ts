import { z } from 'zod';

/** LOINC code (https://loinc.org), such as 4548-4. */
export const LoincCode: z.ZodType<string> = z.string().regex(/^\d{1,7}-\d$/);
