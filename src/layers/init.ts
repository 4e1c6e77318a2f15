/** @file Initial values of parameters, as small composable functions of a random stream. */
import type { Shape } from '../graph';
import type { Random } from '../util/random';

/**
 * Draws the initial values of one parameter, row-major.
 * @param drawn values of the parameters of the same layer that come before, by their names within it
 */
export type Init = (
  shape: Shape,
  random: Random,
  drawn?: (name: string) => Float32Array | undefined,
) => Float32Array;

const size = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

const fill =
  (draw: (random: Random, index: number) => number): Init =>
  (shape, random) =>
    Float32Array.from({ length: size(shape) }, (_, index) => draw(random, index));

export const constant = (value: number): Init => fill(() => value);
export const zeros: Init = constant(0);
export const ones: Init = constant(1);
/** Uniform in [-bound, bound). */
export const uniform = (bound: number): Init => fill((random) => bound * (2 * random.uniform() - 1));
export const normal = (deviation: number): Init => fill((random) => deviation * random.normal());
/** PyTorch's default for a linear map: uniform ±1/√fan_in, for weight and bias alike. */
export const linear = (fanIn: number): Init => uniform(1 / Math.sqrt(fanIn));
/** The same values times a factor, for example 1/√n_layer on output projections. */
export const scaled =
  (init: Init, factor: number): Init =>
  (shape, random) =>
    init(shape, random).map((value) => value * factor);
/** An explicit function of the element's index. */
export const formula = (draw: (index: number, random: Random) => number): Init =>
  fill((random, index) => draw(index, random));

/**
 * Bias b with softplus(b) = dt, dt log-uniform in [dtMin, dtMax) and at least `floor` (Mamba, section 3.6).
 * The inverse is dt + ln(1 - e^-dt).
 */
export const inverseSoftplusDt = (dtMin: number, dtMax: number, floor: number): Init =>
  fill((random) => {
    const dt = Math.max(
      Math.exp(random.uniform() * (Math.log(dtMax) - Math.log(dtMin)) + Math.log(dtMin)),
      floor,
    );
    return dt + Math.log(-Math.expm1(-dt));
  });

/** Normal around `mean`, drawn again beyond two deviations. */
export const truncatedNormal = (deviation: number, mean = 0): Init =>
  fill((random) => {
    for (;;) {
      const draw = random.normal();
      if (Math.abs(draw) <= 2) return mean + deviation * draw;
    }
  });
