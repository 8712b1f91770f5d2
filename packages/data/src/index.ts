/**
 * Files in, numbers out: CSV to typed columns, columns to regular series, series to windows that `fit` reads. Runs in Node and
 * in browsers alike; a file is given as its bytes.
 */
export { type CalendarCycle, type CalendarSpec, calendarColumns, calendarFor, calendarNames, cyclePosition } from "./calendar.ts";
export { type CivilDate, civilFromDays, daysFromCivil, daysInMonth, epochMs, timeText } from "./civil.ts";
export { type ReadCsvOptions, readCsv } from "./csv.ts";
export { type CategoryEncoding, encodeIntegers, fitEncoding, oneHot, oneHotNames } from "./encode.ts";
export { DataError, type DataErrorPlace } from "./errors.ts";
export { type Filled, type FillRule, fillMissing } from "./fill.ts";
export {
  addSteps,
  detectFrequency,
  type Frequency,
  type FrequencyFinding,
  type FrequencyUnit,
  frequencyLabel,
  nextTimes,
  STEPS,
  stepMs,
  stepsBetween,
} from "./frequency.ts";
export type { DataNote, DataNotes } from "./notes.ts";
export { type RawColumn, type RegularSeries, regularize } from "./regularize.ts";
export { type RowTimes, stepTimes, withNextTimes } from "./row-times.ts";
export {
  fitLogScaler,
  fitMinMaxScaler,
  fitRobustScaler,
  fitScaler,
  fitStandardScaler,
  inverse,
  type LogScaler,
  type MinMaxScaler,
  type NoScaler,
  type RobustScaler,
  type Scaler,
  type StandardScaler,
  type TrainingColumns,
  transform,
} from "./scalers.ts";
export { seasonCandidates, seasonLength } from "./seasonality.ts";
export { beginning, type TextUnit } from "./segments.ts";
export { type Series, type SeriesSet, type ToSeriesOptions, toSeries } from "./series.ts";
export type { ColumnType } from "./sniff.ts";
export { type RowRange, type Split, type SplitOptions, splitByTime } from "./split.ts";
export {
  type CategoryColumn,
  type Column,
  type ColumnSummary,
  column,
  describe,
  type NumberColumn,
  numbers,
  selectRows,
  type Table,
  type TimeColumn,
  type Values,
} from "./table.ts";
export { type ByteSource, readText } from "./text-source.ts";
export { type TextWindowDataset, type TextWindowOptions, textWindows } from "./text-windows.ts";
export { checkTimes, findTimeAxis, type TimeAxis, type TimeCheck } from "./time.ts";
export {
  decodeText,
  encodeText,
  encodeTexts,
  type FitVocabularyOptions,
  fitVocabulary,
  PADDING_ID,
  tokenOf,
  UNKNOWN_ID,
  type Vocabulary,
  vocabularySize,
} from "./vocabulary.ts";
export { type WindowDataset, type WindowOptions, type WindowPlace, type WindowSource, windowInputs, windows } from "./windows.ts";
