import { z } from 'zod';

const Document = z.object({
  Statement: z.array(
    z.object({
      Effect: z.literal('Allow'),
      Action: z.enum(['iot:Connect', 'iot:Subscribe', 'iot:Receive']),
      // Exact ones: what we write has no wildcards, and one that had would allow nothing here.
      Resource: z.array(z.string()),
    }),
  ),
});

/** What a custom authorizer's policy allows, by exact resources. */
export class IotPolicy {
  readonly #allowed = new Set<string>();

  /** @throws ZodError for statements of another kind */
  constructor(documents: readonly string[]) {
    for (const text of documents) {
      const parsed: unknown = JSON.parse(text);
      for (const { Action, Resource } of Document.parse(parsed).Statement) {
        for (const resource of Resource) this.#allowed.add(`${Action} ${resource}`);
      }
    }
  }

  allows(action: 'iot:Connect' | 'iot:Subscribe' | 'iot:Receive', resource: string): boolean {
    return this.#allowed.has(`${action} ${resource}`);
  }
}
