import { Argument, type Command } from 'commander';
import { withExamples } from '../base/examples.ts';
import { print } from '../base/output.ts';

type Shell = 'bash' | 'zsh' | 'fish';
const SCRIPTS: Readonly<Record<Shell, (program: Command) => string>> = { bash, zsh, fish };

export function addCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('a script with which the shell completes verbs and options')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)));
  withExamples(command, ['completion bash', 'completion zsh', 'completion fish']).action(
    (shell: Shell) => {
      print(SCRIPTS[shell](program));
    },
  );
}

interface Verb {
  readonly name: string;
  readonly description: string;
  /** Verbs below it, choices of its arguments, and options. */
  readonly words: readonly string[];
}

function verbsOf(program: Command): Verb[] {
  return program.commands.map((command) => {
    const below = command.commands.map((one) => one.name());
    const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
    const options = [command, ...command.commands].flatMap((one) =>
      one.options.flatMap(({ long }) => long ?? []),
    );
    const words = [...new Set([...below, ...choices, ...options, '--help'])];
    return { name: command.name(), description: command.description(), words };
  });
}

/** Sourced by bash: `source <(npx pulse completion bash)`. */
function bash(program: Command): string {
  const verbs = verbsOf(program);
  const cases = verbs.map(({ name, words }) => `    ${name}) words='${words.join(' ')}' ;;`);
  return `# source <(npx pulse completion bash)
_pulse() {
  local words='${verbs.map(({ name }) => name).join(' ')} --help'
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.map((line) => `  ${line}`).join('\n')}
      *) words='' ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _pulse pulse`;
}

/** Evaluated by zsh: `source <(npx pulse completion zsh)`. */
function zsh(program: Command): string {
  const verbs = verbsOf(program);
  const described = verbs.map(({ name, description }) => `    '${name}:${quoted(description)}'`);
  const cases = verbs.map(({ name, words }) => `    ${name}) compadd -- ${words.join(' ')} ;;`);
  return `#compdef pulse
_pulse() {
  local -a verbs=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
  _files
}
compdef _pulse pulse`;
}

/** Read by fish: `npx pulse completion fish | source`. */
function fish(program: Command): string {
  return verbsOf(program)
    .flatMap(({ name, description, words }) => [
      `complete -c pulse -n __fish_use_subcommand -a ${name} -d '${quoted(description)}'`,
      ...words.map((word) => {
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
        return `complete -c pulse -n '__fish_seen_subcommand_from ${name}' ${what}`;
      }),
    ])
    .join('\n');
}

function quoted(text: string): string {
  return text.replaceAll("'", '’');
}
