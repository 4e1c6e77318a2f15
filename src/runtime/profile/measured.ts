/** @file What measuring a few training steps gives, whatever the device. */
import type { Dataset } from '../../data/define';
import type { Model } from '../../models';
import type { TrainConfig } from '../../models/config';
import type { ComputeDevice } from '../devices';
import type { NodeTiming } from '../ort';

export interface ProfileRequest {
  readonly model: Model;
  readonly train: TrainConfig;
  readonly data: Pick<Dataset, 'trainBatch'>;
  readonly device: ComputeDevice;
  readonly threads: number;
  readonly seed: number;
  /** Steps that are measured, after one that is not. */
  readonly steps: number;
}

export interface MeasuredSteps {
  /** Milliseconds of steps whose nodes were not measured. */
  readonly times: readonly number[];
  readonly nodes: readonly NodeTiming[];
  /** Milliseconds of an optimiser that is no part of the graph. */
  readonly update?: number;
}
