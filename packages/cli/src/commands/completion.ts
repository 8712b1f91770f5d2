import { type CommandSpec, defineCommand, operand, required } from "../define-command.ts";
import { EXIT, UsageError } from "../exit-codes.ts";

export const completion: CommandSpec = defineCommand({
  name: "completion",
  summary: "Print a script that completes commands and options in bash, zsh or fish",
  examples: [
    "completion bash >> ~/.bashrc",
    "completion zsh >> ~/.zshrc",
    "completion fish > ~/.config/fish/completions/sluice.fish",
  ],
  args: { shell: required(operand("SHELL", "bash, zsh or fish")) },
  async run({ shell }, { commands, output }) {
    const script = SCRIPTS[shell];
    if (script === undefined) throw new UsageError(`completion knows bash, zsh and fish, not "${shell}".`);
    output.out({ schema: "sluice.completion/1", shell, script: script(commands) }, (facts) => facts.script);
    return EXIT.ok;
  },
});

const SCRIPTS: Readonly<Record<string, (commands: readonly CommandSpec[]) => string>> = { bash, zsh, fish };

function optionsOf({ args }: CommandSpec): string[] {
  const named = Object.entries(args).filter(([, { place }]) => place !== "operand");
  return [...named.map(([name]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`), "--json", "--help"];
}

function bash(commands: readonly CommandSpec[]): string {
  const cases = commands.map((command) => `    ${command.name}) words="${optionsOf(command).join(" ")}" ;;`);
  return `_sluice() {
  local words word="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="${commands.map(({ name }) => name).join(" ")}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(" ")}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word"))
}
complete -o filenames -F _sluice sluice`;
}

function zsh(commands: readonly CommandSpec[]): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
}

function fish(commands: readonly CommandSpec[]): string {
  return commands
    .flatMap((command) => [
      `complete -c sluice -n __fish_use_subcommand -a ${command.name} -d '${command.summary.replaceAll("'", "\\'")}'`,
      ...optionsOf(command).map(
        (option) => `complete -c sluice -n '__fish_seen_subcommand_from ${command.name}' -l ${option.slice(2)}`,
      ),
    ])
    .join("\n");
}
