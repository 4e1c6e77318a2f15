/** @file A sweep of mixer × learning rate × state × width, with results that follow from the choices. */
import { shape, uniform, type Shape } from './curves-fixture';

export function sweepRuns(): Shape[] {
  const random = uniform(5);
  const runs: Shape[] = [];
  for (const mixer of ['mamba', 's4d', 'attention']) {
    for (const lr of [3e-4, 1e-3, 3e-3, 1e-2]) {
      for (const d_state of mixer === 'attention' ? [undefined] : [4, 16]) {
        for (const d_model of [16, 32]) {
          const place = runs.length;
          const skill = { mamba: 1, s4d: 0.55, attention: 0.15 }[mixer]!;
          const speed = Math.log10(lr / 3e-4) / 1.5;
          const floor = 2.4 * Math.exp(-8 * skill * speed * (d_state === 16 ? 1 : 0.8) - random());
          runs.push(
            shape({
              name: `run-${place}`,
              group: `s${place}`,
              palette: place,
              fall: 500 - 200 * speed,
              floor,
              steps: 700,
              at: 700,
              speed: 20_000 * (d_model === 16 ? 2 : 1) * (mixer === 'attention' ? 2 : 1),
              parameters: 4_000 + 400 * d_model + 100 * (d_state ?? 0),
              keys: {
                data: 'induction-heads',
                length: 24,
                batch_size: 16,
                steps: 700,
                layers: 2,
                mixer,
                lr,
                d_model,
                ...(d_state === undefined ? {} : { d_state }),
              },
            }),
          );
        }
      }
    }
  }
  return runs;
}
