import { layerKinds } from "../../layer-from-config.ts";
import type { AnyOptionFact } from "./facts.ts";
import { commonFacts, kindFacts } from "./index.ts";
import { otherFacts } from "./other.ts";

/** What `benchmarks/cells.mjs` writes. */
export interface CellTimes {
  readonly machine: string;
  readonly node: string;
  readonly date: string;
  readonly command: string;
  readonly rows: readonly CellTime[];
}

/** One training step of a kind, perhaps with an option, beside the plain LSTM; `reason` where it could not be taken. */
export interface CellTime {
  readonly kind: string;
  readonly option?: string;
  /** The option's value as JSON. */
  readonly value?: string;
  readonly ratio?: number;
  readonly reason?: string;
}

/** What every kind is saved in: `saveModel` writes layers by name and weights by path. */
const carriedBy = "sluice's safetensors";

const row = (...fields: readonly string[]): string =>
  `| ${fields.map((field) => field.replaceAll("|", "\\|").replaceAll("\n", "<br>")).join(" | ")} |`;

const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), `|${"---|".repeat(head.length)}`, ...rows].join("\n");

/**
 * The page docs/cells.md.
 * @param times what the column of times says; null before they were taken.
 * @param oracleOptions the options of a kind that an oracle sets.
 */
export function cellsPage(times: CellTimes | null, oracleOptions: (type: string) => ReadonlySet<string>): string {
  const found = new Map(times?.rows.map((time) => [keyOf(time), time]));
  const shown = (key: string): string => {
    const time = found.get(key);
    return time?.ratio?.toFixed(2) ?? `–${time?.reason ? ` ${time.reason}` : ""}`;
  };

  const kinds = Object.entries(kindFacts).map(([kind, { equation, paper, parameters, oracle, elsewhere }]) =>
    row(`\`${kind}\``, equation, paper, parameters, oracle, carriedBy, elsewhere ?? "—", shown(keyOf({ kind }))),
  );
  const options = [
    ...Object.entries(kindFacts).map(([kind, facts]) => [kind, facts.options] as const),
    ["LSTM", commonFacts] as const,
  ];
  const optionRows = options.flatMap(([kind, facts]) =>
    Object.entries<AnyOptionFact>(facts).map(
      ([option, { equation, paper = "", parameters = "none", oracle, elsewhere = "—", values }]) => {
        const checked = oracle ?? (oracleOptions(kind).has(option) ? "" : "run and counted");
        const each = values.map((value) => {
          const name = JSON.stringify(value);
          return `${name} ${shown(keyOf({ kind, option, value: name }))}`;
        });
        return {
          isCommon: facts === commonFacts,
          text: row(`\`${kind}\` ${option}`, equation, paper, parameters, checked, elsewhere, each.join(", ")),
        };
      },
    ),
  );
  const optionHead = ["option", "what it changes", "source", "weights", "checked against", "elsewhere", "time ÷ LSTM"];
  const listed = (isCommon: boolean): string =>
    table(
      optionHead,
      optionRows.filter((each) => each.isCommon === isCommon).map(({ text }) => text),
    );

  const others = Object.entries(otherFacts).map(([kind, { computes, parameters, elsewhere }]) =>
    row(`\`${kind}\``, computes, parameters ?? "none", elsewhere),
  );
  const rest = layerKinds()
    .map(({ type }) => type)
    .filter((type) => !kindFacts[type] && !otherFacts[type] && !kindFacts[type.replace(/Cell$/, "")]);

  return `# Cells and layers

Written by \`npm run cells\` from the registry and the facts that the tests hold against it. Every recurrent kind passes the recurrent laws (padding is inert,
rows are independent, a cut sequence with the state carried over gives the same outputs, save and load, …) and a gradient check in float64; every formula below
is worked out beside the weights of a layer, and every option is run. A kind \`X\` has a cell \`XCell\`, one step of it for \`rnn([…])\`.

- **Letters**: I features in, H units, T steps; ⊙ element by element, ∗ convolution, σ the logistic sigmoid. A gate of 1 lets pass, of 0 shuts: f = 1 keeps.
- **Carried by** says what reads and writes the kind today; **same cell in** where else it is found, for weights that you carry over by hand: see
  [the same cell elsewhere](#the-same-cell-elsewhere). ONNX has operators for LSTM, GRU and RNN alone; any other cell is a Loop or Scan of small ones there.
- **Time ÷ LSTM** is a training step (forward, backward, Adam) beside that of the plain LSTM. ${timesNote(times)}

${table(["kind", "equation", "source", "weights", "checked against", "carried by", "same cell in", "time ÷ LSTM"], kinds)}

## Options

Every option of each kind but the common ones, which follow. A source left empty is the kind's own, and so is an oracle: it has cases
that set the option. "Run and counted" are those without an oracle: the layer runs, and has as many weights as the row says.

${listed(false)}

## Common options

As an LSTM has them. Kinds without weights on h have none of its options; kinds without gates no \`recurrentActivation\`.

${listed(true)}

${sameCellElsewhere}

## Other layers

I features in, U units, k positions in a window, F channels out.

${table(["kind", "computes", "weights", "elsewhere"], others)}
${rest.length > 0 ? `\nWithout a line so far: ${rest.map((type) => `\`${type}\``).join(", ")}.\n` : ""}`;
}

/** What a row of times is found by. */
function keyOf({ kind, option = "", value = "" }: Pick<CellTime, "kind" | "option" | "value">): string {
  return [kind, option, value].join(" ");
}

function timesNote(times: CellTimes | null): string {
  if (!times) return "No times have been taken yet: `node benchmarks/cells.mjs`.";
  const { machine, node, date, command } = times;
  return (
    "Both sides take turns on the same numbers, (B, T, I, H) = (32, 50, 16, 64); the median of the rounds. Blocks, residual and highway layers keep " +
    "64 features, which the LSTM beside them reads too. Kinds that read grids run on 10 frames of 64 places with 4 channels; the LSTM beside them reads " +
    "each frame as 64 features and has as many units as their state has numbers, 256. MDLSTM, GridLSTMND and MultiDirectional walk over 7 × 7 places, the LSTM over 49 steps. " +
    `\`${command}\`, ${date}, ${machine}, Node ${node.replace("v", "")}.`
  );
}

const sameCellElsewhere = `## The same cell elsewhere

How weights are laid out, for carrying them over by hand. The maps are those of the oracles, which feed the same random weights to both sides.

| | blocks | weights on x | weights on h | biases | also |
|---|---|---|---|---|---|
| LSTM, here | i f g o | \`kernel\` [I, 4H] | \`recurrentKernel\` [H, 4H] | \`bias\` [4H] | \`peepholes\` [3H]: i f o |
| PyTorch nn.LSTM | i f g o | \`weight_ih\` [4H, I]: transposed | \`weight_hh\` [4H, H]: transposed | \`bias_ih\` + \`bias_hh\` | \`weight_hr\` [R, H]: the projection, transposed |
| Keras LSTM | i f c o, c = g | as here | as here | as here | |
| ONNX LSTM | i o f c, c = g | W [D, 4H, I] | R [D, 4H, H] | B [D, 8H]: of W, then of R; here their sum | P [D, 3H]: i o f |
| GRU, here | z r h | \`kernel\` [I, 3H] | \`recurrentKernel\` [H, 3H] | \`bias\`, \`recurrentBias\` [3H] | one \`bias\` with \`resetAfter: false\` |
| PyTorch nn.GRU | r z n, n = h | [3H, I]: transposed | [3H, H]: transposed | \`bias_ih\`, \`bias_hh\` | reset after alone |
| Keras GRU | z r h | as here | as here | [2, 3H]: a row each | \`reset_after\` as \`resetAfter\` |
| ONNX GRU | z r h | W [D, 3H, I] | R [D, 3H, H] | B [D, 6H]: of W, then of R | \`linear_before_reset\` 1: after; 0, its default: before |
| SimpleRNN, here | one | \`kernel\` [I, H] | \`recurrentKernel\` [H, H] | \`bias\` [H] | |
| PyTorch nn.RNN | one | [H, I]: transposed | [H, H]: transposed | \`bias_ih\` + \`bias_hh\` | \`nonlinearity\` tanh, relu |
| Keras SimpleRNN | one | as here | as here | as here | |
| ONNX RNN | one | W [D, H, I] | R [D, H, H] | B [D, 2H]: of W, then of R; here their sum | any of its activations |
| ConvLSTM, here | i f g o | [k, …, I, 4F] | [k, …, F, 4F] | [4F] | |
| Keras ConvLSTM | i f c o, c = g | as here | as here | as here | no peepholes |

- ONNX and PyTorch stack the rows of a block; here, as in Keras, a block is a group of columns. D is the number of directions.
- What the ONNX LSTM has an operator for: three activations with alpha and beta, \`clip\` of what enters them (\`gateClip\`), \`input_forget\` (\`coupledGates\`),
  peepholes, lengths, directions, first states. It has none for masks with holes, projection, layer normalization, zoneout, dropout, or a limit of c (\`cellClip\`).
- ONNX \`hardSigmoid\` is clip(0.2 x + 0.5, 0, 1) unless told otherwise, here (as in Keras 3) clip(x/6 + 0.5, 0, 1).
- Outputs of \`goBackwards\` stand in the order of processing, as in Keras; ONNX \`reverse\` and PyTorch put them back.
`;
