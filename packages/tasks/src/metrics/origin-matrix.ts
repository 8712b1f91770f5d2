/**
 * Forecasts, or the actual values, of many origins: `values` is row-major [origins, horizon].
 * An origin is the first row that is forecast; its row of the matrix holds the rows origin … origin + horizon − 1.
 */
export interface OriginMatrix {
  readonly origins: number;
  readonly horizon: number;
  readonly values: Float64Array;
}

/** Quantile forecasts of many origins: `values` is row-major [origins, horizon, levels], `levels` ascend within (0, 1). */
export interface QuantileMatrix {
  readonly origins: number;
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly values: Float64Array;
}

/** A matrix of `origins` × `horizon` over `values`; without `values` it is filled with zeros. */
export function originMatrix(origins: number, horizon: number, values?: Float64Array): OriginMatrix {
  const held = values ?? new Float64Array(origins * horizon);
  if (held.length !== origins * horizon) {
    throw new RangeError(
      `Cannot read ${held.length} values as ${origins} origins of ${horizon} steps: that takes ${origins * horizon} values.`,
    );
  }
  return { origins, horizon, values: held };
}

/** The actual values after each origin, NaN where the series has ended or has a gap. */
export function actualsAt(series: ArrayLike<number>, origins: ArrayLike<number>, horizon: number): OriginMatrix {
  const values = new Float64Array(origins.length * horizon);
  for (let o = 0, at = 0; o < origins.length; o++) {
    for (let h = 0; h < horizon; h++) values[at++] = series[(origins[o] ?? Number.NaN) + h] ?? Number.NaN;
  }
  return { origins: origins.length, horizon, values };
}

/** Several matrices of the same horizon, one below the other: the origins of many series in one table. */
export function stackOrigins(parts: readonly OriginMatrix[]): OriginMatrix {
  const horizon = parts[0]?.horizon ?? 0;
  const origins = parts.reduce((sum, part) => sum + part.origins, 0);
  const values = new Float64Array(origins * horizon);
  let at = 0;
  for (const part of parts) {
    if (part.horizon !== horizon) {
      throw new RangeError(
        `Cannot stack forecasts of ${part.horizon} steps under forecasts of ${horizon} steps: horizons differ.`,
      );
    }
    values.set(part.values, at);
    at += part.values.length;
  }
  return { origins, horizon, values };
}

/** @throws {RangeError} when two matrices do not describe the same origins and steps. */
export function requireSameShape(task: string, actual: OriginMatrix, other: { origins: number; horizon: number }): void {
  if (actual.origins !== other.origins || actual.horizon !== other.horizon) {
    throw new RangeError(
      `Cannot compute ${task}: the actual values cover ${actual.origins} origins of ${actual.horizon} steps, ` +
        `the forecasts ${other.origins} of ${other.horizon}. Forecast the same origins with the same horizon.`,
    );
  }
}
