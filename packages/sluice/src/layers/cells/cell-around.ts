import type { Shape } from "../../tensor/shape.ts";
import type { BuildContext, CallContext, Layer, LayerOptions, SymbolicShape } from "../layer.ts";
import { Cell, type StepDropout } from "./cell.ts";

/** A cell around another one: its weights, shapes and dropout are the inner cell's, until it says otherwise. */
export abstract class CellAround<O extends LayerOptions & { readonly cell: Cell }> extends Cell<O> {
  readonly cell: Cell;

  constructor(options: O, prefix: string) {
    super(options, prefix);
    this.cell = options.cell;
  }

  override get sublayers(): readonly Layer[] {
    return [this.cell];
  }

  override get inputRank(): number {
    return this.cell.inputRank;
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.cell.outputShape(inputs);
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    this.cell.build(inputs, context);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.cell.drawDropout(x, context);
  }
}
