import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CHECKOUT } from '../base/checkout.ts';

function script(shell: string): string {
  const pulse = join(CHECKOUT, 'cli', 'bin', 'pulse.js');
  return spawnSync(process.execPath, [pulse, 'completion', shell], { encoding: 'utf8' }).stdout;
}

/** What bash offers for the words typed so far. */
function offered(...words: readonly string[]): string[] {
  const typed = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _pulse; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['-c', `${script('bash')}\n${ask}`], { encoding: 'utf8' });
  return run.stdout.trimEnd().split('\n');
}

describe('completion', () => {
  it('offers verbs, then what belongs to the verb', () => {
    expect(offered('pulse', 'tr')).toEqual(['trigger']);
    expect(offered('pulse', 'identities', 'l')).toEqual(['list']);
    expect(offered('pulse', 'chart', 'me')).toEqual(['medications']);
    expect(offered('pulse', 'trigger', '--pa')).toEqual(['--patience']);
  });

  it('knows the same verbs for every shell', () => {
    for (const shell of ['zsh', 'fish']) {
      expect(script(shell)).toContain('who-looked');
      expect(script(shell)).toContain('medications');
    }
  });
});
