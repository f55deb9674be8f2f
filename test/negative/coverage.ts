/** Every negative test that must exist, by its id. */
export const IDS: readonly string[] = [
  ...numbered('D', 16),
  ...numbered('I', 12),
  ...['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9', 'F10', 'F13'],
  ...['O1', 'O2', 'O3', 'O4', 'O6'],
  ...numbered('P', 17),
];

function numbered(letter: string, last: number): string[] {
  return Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
}

/** A test that stands beside the code it is about. */
export interface Elsewhere {
  readonly file: string;
  readonly titles: readonly string[];
}

/** Of these all tests stand elsewhere: they are about templates and what is under version control. */
export const ONLY_ELSEWHERE: readonly string[] = ['O1', 'O2'];

/** Tests elsewhere that an id relies on as well, because to write them here again would only repeat them. */
export const ELSEWHERE: Readonly<Record<string, readonly Elsewhere[]>> = {
  D15: [
    {
      file: 'local/src/cloud/cloud.test.ts',
      titles: ['has in its queue every message it acknowledged, after kill -9 in the middle'],
    },
  ],
  O1: [{ file: 'infra/lib/app.test.ts', titles: ['synthesis fails for %s: %s'] }],
  O2: [
    {
      file: 'scripts/supply/find-secrets.test.ts',
      titles: ['finds %s that is planted, and does not repeat it'],
    },
    {
      file: 'scripts/supply/sbom.test.ts',
      titles: [
        'is valid CycloneDX, and every part may be passed on with ours',
        'does not pass with a part under %s',
      ],
    },
  ],
  O6: [
    {
      file: 'local/src/main.test.ts',
      titles: [
        'runs, takes no second one in its folder, and by Ctrl-C ends in order with 0',
        'by a second Ctrl-C ends at once with 130 and leaves nothing behind',
        'that is killed leaves no process behind, and the next start works',
        'says which port is taken',
        'says that its folder cannot be written',
        'explains wrong usage',
      ],
    },
  ],
};
