import { ShapeError } from "../errors.ts";
import type { LSTM } from "../layers/lstm.ts";
import type { MemoryBlocks } from "../layers/memory-blocks.ts";
import type { NumericArray } from "./dataset.ts";
import { type RtrlForm, rtrlForm } from "./rtrl-form.ts";

/** The parts whose weights act on the cell: each needs dc/dw of its own. */
const traced = ["input", "forget", "candidate"] as const;

/**
 * Truncated real-time recurrent learning [Hochreiter & Schmidhuber 1997, appendix A.1]: memory blocks, or an LSTM, that learn while they
 * run forwards, one sequence or endless stream at a time. Beside the state it keeps, for each cell and each weight w of its input
 * gate, forget gate and candidate,
 *
 *     P(t) = dc(t)/dw = y_f P(t − 1) + ∂c(t)/∂w      dL/dw = Σ_t e(t) P(t),  e = y_out h'(c) dL/dy
 *
 * and the other weights need this step alone. Work is O(1) for each weight and step (of a gate: and cell of its block), and nothing
 * is kept of earlier steps, so storage does not depend on the length. The sum over a sequence is the gradient that
 * `truncatedGradient: true` gives by backpropagation. When weights move between steps, as in the paper, P stays what it was.
 *
 * It computes in float64 on weights of its own, read from the layer when it is made; `save` writes them back. Made by `truncatedRtrl`.
 */
export class TruncatedRtrl {
  private readonly layer: MemoryBlocks | LSTM;
  private readonly form: RtrlForm;
  private readonly inputs: number;
  private readonly columns: number;
  /** What a step reads: x, what feeds back, and 1 for the bias. [M] */
  private readonly read: Float64Array;
  /** Rows of kernel, of recurrentKernel, and one for the bias, 0 where there is none. [M, columns] */
  private readonly weights: Float64Array;
  private readonly sums: Float64Array;
  /** P of each cell. [cells, M] */
  private readonly traces: ReadonlyMap<(typeof traced)[number], Float64Array>;
  private readonly net: Float64Array;
  private readonly cells: Float64Array;
  /** y of cells, of conventional units, and of the gates where they feed back. */
  private readonly fed: Float64Array;
  /** dy/dc and dy/dnet_out of each cell, and the slopes of conventional units, at this step. */
  private readonly toCell: Float64Array;
  private readonly toOutput: Float64Array;
  private readonly toHidden: Float64Array;

  constructor(layer: MemoryBlocks | LSTM) {
    this.layer = layer;
    this.form = rtrlForm(layer);
    const { cells, cellsPerBlock, hiddenUnits, feedsGates, at } = this.form;
    const gates = [...at.keys()].filter((name) => name !== "candidate" && name !== "hidden").length * (cells / cellsPerBlock);
    const { kernel, recurrentKernel } = layer.cell;
    [this.inputs, this.columns] = kernel.tensor.shape as [number, number];
    const M = this.inputs + (recurrentKernel?.tensor.shape[0] ?? 0) + 1;
    this.read = new Float64Array(M);
    this.weights = new Float64Array(M * this.columns);
    this.sums = new Float64Array(M * this.columns);
    this.traces = new Map(traced.filter((name) => at.has(name)).map((name) => [name, new Float64Array(cells * M)]));
    this.net = new Float64Array(this.columns);
    this.cells = new Float64Array(cells);
    this.fed = new Float64Array(cells + hiddenUnits + (feedsGates ? gates : 0));
    this.toCell = new Float64Array(cells);
    this.toOutput = new Float64Array(cells);
    this.toHidden = new Float64Array(hiddenUnits);
    this.weights.set(kernel.tensor.dataSync());
    if (recurrentKernel) this.weights.set(recurrentKernel.tensor.dataSync(), this.inputs * this.columns);
    const bias = layer.cell.bias?.tensor.dataSync();
    this.form.biased.forEach((column, k) => {
      this.weights[(M - 1) * this.columns + column] = bias?.[k] ?? 0;
    });
  }

  /** How many numbers it keeps, weights included: the same after any number of steps. */
  get size(): number {
    const { read, weights, sums, net, cells, fed, toCell, toOutput, toHidden } = this;
    const arrays = [read, weights, sums, net, cells, fed, toCell, toOutput, toHidden, ...this.traces.values()];
    return arrays.reduce((total, { length }) => total + length, 0);
  }

  /** c of each cell, a copy. */
  get cellState(): Float64Array {
    return this.cells.slice();
  }

  /** Starts a new sequence: state and P are 0; weights and gradients stay. */
  reset(): void {
    for (const array of [this.cells, this.fed, ...this.traces.values()]) array.fill(0);
  }

  /**
   * Reads one step.
   * @param x [I]
   * @returns y of cells and conventional units [units + hiddenUnits], a view that the next `push` overwrites.
   * @throws {ShapeError} when x has another length.
   */
  push(x: ArrayLike<number>): Float64Array {
    const { form, read, net, inputs } = this;
    if (x.length !== inputs) {
      throw new ShapeError(
        `Cannot push ${x.length} numbers into "${this.layer.name}": a step reads ${inputs}, one for each feature it was built for.`,
      );
    }
    const M = read.length;
    read.set(x);
    if (M - 1 > inputs) read.set(this.fed.subarray(0, M - 1 - inputs), inputs);
    read[M - 1] = 1;
    this.multiply();
    const { cells, cellsPerBlock, hiddenUnits, at } = form;
    for (let k = 0; k < cells; k++) this.pushCell(k, Math.floor(k / cellsPerBlock));
    for (let u = 0; u < hiddenUnits; u++) {
      const z = net[(at.get("hidden") as number) + u] as number;
      const y = form.hidden.value(z);
      this.fed[cells + u] = y;
      this.toHidden[u] = form.hidden.slope(y, z);
    }
    if (form.feedsGates) this.feedGates();
    return this.fed.subarray(0, cells + hiddenUnits);
  }

  /** net = read W. */
  private multiply(): void {
    const { read, net, weights, columns } = this;
    net.fill(0);
    for (let m = 0; m < read.length; m++) {
      const v = read[m] as number;
      if (v === 0) continue; // one-hot inputs
      for (let l = 0, w = m * columns; l < columns; l++, w++) net[l] = (net[l] as number) + v * (weights[w] as number);
    }
  }

  /** Cell k of block j: c, y, what they depend on, and P. */
  private pushCell(k: number, j: number): void {
    const { gate, cell, output, at } = this.form;
    const netOf = (name: "input" | "forget" | "output"): number => this.net[(at.get(name) as number) + j] as number;
    const netIn = at.has("input") ? netOf("input") : 0;
    const netForget = at.has("forget") ? netOf("forget") : 0;
    const netOut = at.has("output") ? netOf("output") : 0;
    const netCell = this.net[(at.get("candidate") as number) + k] as number;
    const i = at.has("input") ? gate.value(netIn) : 1;
    const f = at.has("forget") ? gate.value(netForget) : 1;
    const o = at.has("output") ? gate.value(netOut) : 1;
    const g = cell.value(netCell);
    const before = this.cells[k] as number;
    this.carry("input", k, f, g * gate.slope(i, netIn));
    this.carry("forget", k, f, before * gate.slope(f, netForget));
    this.carry("candidate", k, f, i * cell.slope(g, netCell));
    const c = f * before + i * g;
    const h = output.value(c);
    this.cells[k] = c;
    this.fed[k] = o * h;
    this.toCell[k] = o * output.slope(h, c);
    this.toOutput[k] = h * gate.slope(o, netOut);
  }

  /** P ← keep P + slope · read, for the weights of one part that reach cell k. */
  private carry(part: (typeof traced)[number], k: number, keep: number, slope: number): void {
    const P = this.traces.get(part);
    if (!P) return;
    const { read } = this;
    const M = read.length;
    for (let m = 0, p = k * M; m < M; m++, p++) P[p] = keep * (P[p] as number) + slope * (read[m] as number);
  }

  private feedGates(): void {
    const { cells, cellsPerBlock, hiddenUnits, gate, at } = this.form;
    let to = cells + hiddenUnits;
    for (const name of ["input", "forget", "output"] as const) {
      const from = at.get(name);
      if (from === undefined) continue;
      for (let j = 0; j < cells / cellsPerBlock; j++) this.fed[to++] = gate.value(this.net[from + j] as number);
    }
  }

  /**
   * Adds to the gradients what the step just read contributes. Steps without a target need no call.
   * @param dOutput dL/dy of this step [units + hiddenUnits].
   * @throws {ShapeError} when it has another length.
   */
  learn(dOutput: ArrayLike<number>): void {
    const { cells, cellsPerBlock, hiddenUnits, at } = this.form;
    if (dOutput.length !== cells + hiddenUnits) {
      throw new ShapeError(
        `Cannot learn from ${dOutput.length} numbers in "${this.layer.name}": dOutput has one for each of its ${cells + hiddenUnits} outputs.`,
      );
    }
    for (let k = 0; k < cells; k++) {
      const d = dOutput[k] as number;
      const j = Math.floor(k / cellsPerBlock);
      const e = d * (this.toCell[k] as number);
      for (const [name, P] of this.traces) this.add((at.get(name) as number) + (name === "candidate" ? k : j), e, P, k);
      const output = at.get("output");
      if (output !== undefined) this.add(output + j, d * (this.toOutput[k] as number), this.read, 0);
    }
    for (let u = 0; u < hiddenUnits; u++) {
      const column = (at.get("hidden") as number) + u;
      this.add(column, (dOutput[cells + u] as number) * (this.toHidden[u] as number), this.read, 0);
    }
  }

  /** Column l of the gradients += e · row k of `from`. */
  private add(l: number, e: number, from: Float64Array, k: number): void {
    if (e === 0) return;
    const { sums, columns } = this;
    const M = this.read.length;
    for (let m = 0, s = l, p = k * M; m < M; m++, s += columns, p++) sums[s] = (sums[s] as number) + e * (from[p] as number);
  }

  /** Gradient descent: w ← w − learningRate · dL/dw, and the gradients begin again at 0. */
  descend(learningRate: number): void {
    const { weights, sums, columns, read, form } = this;
    const biasRow = (read.length - 1) * columns;
    for (let w = 0; w < biasRow; w++) weights[w] = (weights[w] as number) - learningRate * (sums[w] as number);
    for (const column of form.biased) {
      const w = biasRow + column;
      weights[w] = (weights[w] as number) - learningRate * (sums[w] as number);
    }
    sums.fill(0);
  }

  /** Σ_t dL/dw of the steps learned from since the last `descend`, by the last name of the weight: kernel, recurrentKernel, bias. */
  get gradients(): Readonly<Record<string, NumericArray>> {
    return Object.fromEntries(this.split(this.sums).map(({ name, shape, data }) => [name, { shape, data }]));
  }

  /** Writes the weights into the layer. */
  save(): void {
    for (const { name, data } of this.split(this.weights)) {
      const tensor = this.layer.parameters.find(({ path }) => path.endsWith(`/${name}`))?.tensor;
      tensor?.backend.write(tensor.storage, data);
    }
  }

  /** Numbers [M, columns] as the layer's weights. */
  private split(all: Float64Array): { name: string; shape: readonly number[]; data: Float64Array }[] {
    const { kernel, recurrentKernel, bias } = this.layer.cell;
    const [kernelEnd, biasRow] = [this.inputs * this.columns, (this.read.length - 1) * this.columns];
    return [
      { name: "kernel", shape: kernel.tensor.shape, data: all.slice(0, kernelEnd) },
      ...(recurrentKernel
        ? [{ name: "recurrentKernel", shape: recurrentKernel.tensor.shape, data: all.slice(kernelEnd, biasRow) }]
        : []),
      ...(bias
        ? [
            {
              name: "bias",
              shape: bias.tensor.shape,
              data: Float64Array.from(this.form.biased, (column) => all[biasRow + column] as number),
            },
          ]
        : []),
    ];
  }
}

/**
 * A learner for a layer of memory blocks, or an LSTM with any of its gates, that is built.
 * @throws {StateError} before the layer is built; {ValueError} for options that change more than which gates there are, dropout, goBackwards.
 * @example
 * const learner = truncatedRtrl(layer);
 * for (const { x, target } of stream) {
 *   const y = learner.push(x); //                     one step forwards
 *   learner.learn(y.map((value, k) => value - target[k])); // dL/dy of ½ Σ (y − target)²
 *   learner.descend(0.1);
 * }
 * learner.save(); // into the layer
 */
export function truncatedRtrl(layer: MemoryBlocks | LSTM): TruncatedRtrl {
  void layer.backend; // says what to do before it is built
  return new TruncatedRtrl(layer);
}
