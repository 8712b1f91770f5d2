import { dropout as dropoutOp } from "../../autograd/ops/dropout.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { expandDims, squeeze } from "../../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import type { ConstraintSpec } from "../../initializers/constraints.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import type { RegularizerSpec } from "../../initializers/regularizers.ts";
import { showShape } from "../../tensor/shape.ts";
import { inStep, type Tensor } from "../../tensor/tensor.ts";
import { checkRate } from "../cells/cell-options.ts";
import {
  type CallContext,
  type CallResult,
  Layer,
  type LayerOptions,
  type ParameterOptions,
  type SymbolicShape,
} from "../layer.ts";
import { withoutPadding } from "../linear-recurrence.ts";
import { layerNames, type NamesOf } from "../option-names.ts";
import { checkMask } from "../recurrent-layer.ts";
import { attentionWeights, visibleSteps } from "./attend.ts";

/** Options of the attention layers. */
export interface AttentionLayerOptions extends LayerOptions {
  /** Query i looks at steps 0 … i alone, so that no output knows what follows. Default false. */
  readonly causal?: boolean;
  /** Share of the weights set to 0 in training, from 0 to below 1. Default 0. */
  readonly dropout?: number;
  /** Give the weights as a second output, to look at or to draw. Default false. */
  readonly returnWeights?: boolean;
  /** Of the weights that project queries, keys and values. Default "glorotUniform". */
  readonly kernelInitializer?: InitializerSpec;
  readonly kernelRegularizer?: RegularizerSpec | null;
  readonly kernelConstraint?: ConstraintSpec | null;
}

export const attentionLayerNames: NamesOf<AttentionLayerOptions> = {
  ...layerNames,
  causal: true,
  dropout: true,
  returnWeights: true,
  kernelInitializer: true,
  kernelRegularizer: true,
  kernelConstraint: true,
};

/** What can be attended to, made ready once for any number of queries: see `remember`. */
export interface AttentionMemory {
  /** Keys as the scores read them. */
  readonly keys: Tensor;
  /** Values as the weights add them up, 0 at masked steps. */
  readonly values: Tensor;
  /** [B, S], 1 = the step may be looked at; null: all may. */
  readonly mask: Tensor | null;
}

/** What a query is told beside the memory. */
export interface AttendOptions {
  /** Dropout acts only in training. Default false. */
  readonly training?: boolean;
  /** Which random draw, for dropout; default 0. */
  readonly step?: number;
  /** [B, Tq], 1 = the query is used; the weights and the context of others are 0. Default: all are. */
  readonly queryMask?: Tensor | null;
}

/** What a query found. */
export interface Attended {
  /** The weighted sum of the values: [B, V], or [B, Tq, V] for queries [B, Tq, Dq]. */
  readonly context: Tensor;
  /** How much each step counts: [B, S], or [B, Tq, S]; of several heads [B, heads, S] and [B, heads, Tq, S]. */
  readonly weights: Tensor;
}

/** Sizes of the last axes of the inputs. */
export interface AttentionFeatures {
  readonly query: number;
  readonly value: number;
  readonly key: number;
}

/**
 * What all attention layers are: scores of each query against each key, their softmax over the steps as weights, and the sum of the
 * values under these weights. Inputs are [query, value, key]; key is value when left out, and one input attends to itself.
 *
 * Shapes: query [B, Tq, Dq], or one query [B, Dq]; value [B, S, Dv], key [B, S, Dk] → [B, Tq, V], or [B, V].
 * A masked step of value has a weight of 0 whatever it holds, NaN included; a masked query gives 0, and so does a query that sees no
 * step. A mask given to `forward` counts for value, and for query where that has as many steps.
 *
 * Inside a decoder's step, which asks again and again, call `remember` once and `attend` for each query.
 */
export abstract class AttentionLayer<O extends AttentionLayerOptions = AttentionLayerOptions> extends Layer<O> {
  constructor(options: O, defaultName: string, type: string) {
    super(options, defaultName);
    checkRate(options.dropout ?? 0, type, "dropout");
  }

  /** Features of the context. @throws {ShapeError} when those of the inputs do not go together. */
  protected abstract contextFeatures(features: AttentionFeatures): number;

  /** Axes of the weights between batch and query. */
  protected headAxes(): readonly number[] {
    return [];
  }

  /** Keys and values as `scores` and `sumUp` read them. values [B, S, Dv], keys [B, S, Dk], 0 at masked steps. */
  protected abstract project(values: Tensor, keys: Tensor): { readonly keys: Tensor; readonly values: Tensor };

  /** queries [B, Tq, Dq], projected keys → [B, …heads, Tq, S]. */
  protected abstract scores(queries: Tensor, keys: Tensor): Tensor;

  /** weights [B, …heads, Tq, S], projected values → [B, Tq, V]. */
  protected sumUp(weights: Tensor, values: Tensor): Tensor {
    return matmul(weights, values);
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.outputShapes(inputs)[0] as SymbolicShape;
  }

  override outputShapes(inputs: readonly SymbolicShape[]): readonly SymbolicShape[] {
    const [query = [], value = query, key = value] = inputs;
    const rows = new Set([query[0], value[0], key[0]].filter((size) => typeof size === "number"));
    const isRead =
      inputs.length <= 3 &&
      (query.length === 3 || (query.length === 2 && inputs.length > 1)) &&
      value.length === 3 &&
      key.length === 3 &&
      (value[1] === key[1] || value[1] === null || key[1] === null) &&
      rows.size <= 1 &&
      [query, value, key].every((x) => typeof x.at(-1) === "number");
    if (!isRead) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shapes ${inputs.map(showShape).join(", ")}: it reads [query, value, key], query [batch, steps, features] or ` +
          "[batch, features], value and key [batch, time, features] with one time; key, or both key and value, may be left out.",
      );
    }
    this.checkBuilt(inputs);
    this.checkCausal(query.length === 2);
    const asked = query.slice(0, -1);
    const context = [...asked, this.contextFeatures(featuresOf(inputs))];
    if (!this.options.returnWeights) return [context];
    return [context, [asked[0] ?? null, ...this.headAxes(), ...asked.slice(1), value[1] ?? key[1] ?? null]];
  }

  call(inputs: readonly Tensor[], { masks, training, step }: CallContext): CallResult {
    const [query, values = query, keys = values] = inputs as [Tensor, Tensor?, Tensor?];
    const mask = masks[inputs.length > 1 ? 1 : 0] ?? null;
    const queryMask = this.queryMask(query, inputs.length, masks);
    const memory = this.remember(values as Tensor, keys, mask);
    const { context, weights } = this.attend(withoutPadding(query, queryMask), memory, { training, step, queryMask });
    return this.options.returnWeights
      ? { outputs: [context, weights], masks: [queryMask, null] }
      : { outputs: [context], masks: [queryMask] };
  }

  /**
   * Makes a sequence ready to be attended to: what does not depend on the query is computed once.
   * @param values [B, S, Dv] @param keys [B, S, Dk] @param mask [B, S], 1 = the step may be looked at.
   * @throws {StateError} before the layer is built; {ShapeError} for values or keys it was not built for, and for a mask of another shape.
   * @example
   * const memory = layer.remember(encoded, encoded, mask);
   * const { context, weights } = layer.attend(hiddenState, memory); // [B, H] → [B, V], [B, S]
   */
  remember(values: Tensor, keys: Tensor = values, mask: Tensor | null = null): AttentionMemory {
    void this.buildContext;
    this.outputShapes([[null, null, featuresOf(this.inputShapes).query], values.shape, keys.shape]);
    if (mask) checkMask(this, mask, values);
    return inStep(values.backend, () => {
      const seen = withoutPadding(values, mask);
      return { ...this.project(seen, keys === values ? seen : withoutPadding(keys, mask)), mask };
    });
  }

  /**
   * What queries [B, Tq, Dq], or one a row [B, Dq], find in a memory; gradients reach both.
   * @throws {ValueError} for one query a row when `causal`: its place in time is not known; {ShapeError} for a query the layer was not
   * built for, and for a mask of another shape.
   */
  attend(query: Tensor, memory: AttentionMemory, options: AttendOptions = {}): Attended {
    const isOne = query.rank === 2;
    const { value, key } = featuresOf(this.inputShapes);
    this.outputShapes([query.shape, [null, null, value], [null, null, key]]);
    return inStep(query.backend, () => {
      const queries = isOne ? expandDims(query, 1) : query;
      if (options.queryMask) checkMask(this, options.queryMask, queries);
      const scores = this.scores(queries, memory.keys);
      const weights = this.weights(scores, memory.mask, options);
      const context = withoutPadding(this.sumUp(weights, memory.values), options.queryMask ?? null);
      return isOne ? { context: squeeze(context, 1), weights: squeeze(weights, -2) } : { context, weights };
    });
  }

  private weights(scores: Tensor, mask: Tensor | null, { training = false, step = 0, queryMask = null }: AttendOptions): Tensor {
    const { causal = false, dropout = 0 } = this.options;
    const [Tq, S] = scores.shape.slice(-2) as [number, number];
    const visible = visibleSteps({ mask, queryMask, causal }, Tq, S, scores.backend);
    const weights = attentionWeights(scores, visible && this.headAxes().length > 0 ? expandDims(visible, 1) : visible);
    return training && dropout > 0 ? dropoutOp(weights, dropout, this.randomKey("dropout", step)) : weights;
  }

  /** How the projections start and what holds them. */
  protected get kernelOptions(): ParameterOptions {
    const { kernelInitializer = "glorotUniform", kernelRegularizer, kernelConstraint } = this.options;
    return { initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint };
  }

  /** The mask of the queries. One mask for all inputs may be that of value alone. */
  private queryMask(query: Tensor, count: number, masks: readonly (Tensor | null)[]): Tensor | null {
    const mask = masks[0] ?? null;
    if (!mask || query.rank === 2) return null;
    const isShared = count > 1 && masks.every((each) => each === mask);
    if (isShared && mask.shape[1] !== query.shape[1]) return null;
    checkMask(this, mask, query);
    return mask;
  }

  private checkCausal(isOne: boolean): void {
    if (!isOne || !this.options.causal) return;
    throw new ValueError(
      `Cannot run ${this.type} "${this.name}" with causal: true on one query a row: its place in time is not known. ` +
        "Give queries [batch, steps, features], or leave causal out.",
    );
  }

  private checkBuilt(inputs: readonly SymbolicShape[]): void {
    if (this.inputShapes.length === 0) return;
    const { query, value, key } = featuresOf(this.inputShapes);
    const now = featuresOf(inputs);
    if (now.query === query && now.value === value && now.key === key) return;
    throw new ShapeError(
      `Cannot run ${this.type} "${this.name}" on shapes ${inputs.map(showShape).join(", ")}: it was built for ${query}, ${value} and ${key} features of query, value and key.`,
    );
  }
}

/** Sizes of the last axes of [query, value, key], of which the last ones may be left out. */
export function featuresOf([query = [], value = query, key = value]: readonly SymbolicShape[]): AttentionFeatures {
  return { query: query.at(-1) as number, value: value.at(-1) as number, key: key.at(-1) as number };
}
