/** Most bytes of a function's bundle, minified: what is loaded before the first answer. */
const BUDGET_BYTES = 1_500_000;

/** Those that have a budget of their own. */
const OWN_BUDGETS: ReadonlyMap<string, number> = new Map([
  // FHIR's definitions, S3's client, certificates of people, and messages for showing blocks.
  ['fhir-api', 2_500_000],
  ['live-authorizer', 700_000],
  // Certificates of services.
  ['rotate-identity', 1_600_000],
  ['token-claims', 300_000],
]);

/** Most bytes that the bundle of this function may have. */
export function budgetOf(name: string): number {
  return OWN_BUDGETS.get(name) ?? BUDGET_BYTES;
}
