/**
 * How the ingest function and its queue are set up. An invocation takes one to three seconds here; what is not
 * committed in time goes back to the queue unharmed, since the contract knows repeats. So the time-out only bounds
 * how long the messages of a function that was killed stay hidden, and may be short.
 */
export const INGEST_TIMEOUT_MS = 8_000;

/**
 * AWS advises six times the function's time-out
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
 */
export const INGEST_VISIBILITY_MS: number = 6 * INGEST_TIMEOUT_MS;

/**
 * AWS advises five at least. A message that cannot be recorded goes to the quarantine at once; what fails this often
 * fails because the ledger is away, and twenty tries with growing pauses outlast half an hour of that.
 */
export const INGEST_MAX_RECEIVES = 20;
