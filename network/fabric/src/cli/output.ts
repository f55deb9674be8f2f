/** Options that every command has. */
export interface CommonOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** Exit codes, as `--help` lists them. */
export const EXIT = {
  fine: 0,
  failed: 1,
  notRunning: 3,
  programsMissing: 4,
  portTaken: 5,
} as const;

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The result: one JSON object, or words. */
export function conclude(options: CommonOptions, result: object, words: string): void {
  print(options.json === true ? JSON.stringify(result) : words);
}

/** A step that is done, on stderr. */
export function tellStep(step: string, tookMs: number): void {
  note(`${(tookMs / 1000).toFixed(1).padStart(6)} s  ${step}`);
}
