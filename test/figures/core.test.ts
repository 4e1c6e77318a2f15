import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { contrast, parseColour, toHex, toOklab, withContrast } from '../../src/figures/core/colour';
import { colourMap, mapIndex, paintMatrix } from '../../src/figures/core/colormap';
import {
  configValue,
  duration,
  fixed,
  integer,
  number3,
  percent,
  short,
  visible,
} from '../../src/figures/core/format';
import { pushApart } from '../../src/figures/core/labels';
import { paletteSize, runStyle } from '../../src/figures/core/palette';
import { encodePng } from '../../src/figures/core/png';
import { linearScale, logScale, nearestIndex } from '../../src/figures/core/scale';
import { sceneToSvg } from '../../src/figures/core/svg';
import { makeTheme, type ThemeKind } from '../../src/figures/core/theme';
import { ceil125, floor125, growLinear, growLog, linearTicks, logTicks } from '../../src/figures/core/ticks';
import { themes } from '../panels/themes';

const themeOf = (kind: ThemeKind) =>
  makeTheme(kind, (name) => themes[kind].variables[name.replace('--vscode-', '')] ?? '');
const kinds: ThemeKind[] = ['dark', 'light', 'hc-dark', 'hc-light'];

describe('numbers of the views', () => {
  it('print three significant digits with a true minus sign', () => {
    assert.deepEqual(
      [0.00135, 2.67, 46.6, 0.0109, 12_900, 29_312, 5.6e-4, -8.92, 0, 1_234_567, 999.6].map(number3),
      ['0.00135', '2.67', '46.6', '0.0109', '12,900', '29,300', '5.60e−4', '−8.92', '0', '1.23e6', '1,000'],
    );
    assert.equal(number3(undefined), '–');
    assert.equal(number3(Number.NaN), 'NaN');
    assert.equal(number3(-Infinity), '−∞');
  });
  it('never show a negative zero or a hyphen for minus', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        for (const text of [number3(value), fixed(value, 2), integer(value), short(value)]) {
          assert.ok(!text.includes('-'), text);
          assert.notEqual(text, '−0');
        }
      }),
    );
  });
  it('write integers, shares, durations and config values as people do', () => {
    assert.equal(integer(1_234_567), '1,234,567');
    assert.equal(percent(0.996), '99.6\u00a0%');
    assert.equal(percent(0.9997), '99.9\u00a0%');
    assert.equal(percent(0.9997, 0), '99\u00a0%');
    assert.equal(percent(1), '100.0\u00a0%');
    assert.equal(percent(1 - 1e-16, 0), '100\u00a0%');
    assert.deepEqual([7.94, 60, 75, 3600 * 2 + 180].map(duration), [
      '7.9\u00a0s',
      '1\u00a0min',
      '1\u00a0min 15\u00a0s',
      '2\u00a0h 3\u00a0min',
    ]);
    assert.deepEqual([5e-4, 0.1, 16, true, undefined, 'mamba'].map(configValue), [
      '5e−4',
      '0.1',
      '16',
      'yes',
      '–',
      'mamba',
    ]);
    assert.deepEqual([97_500, 1.2e6, 10_000, 0.5].map(short), ['97.5k', '1.2M', '10k', '0.5']);
    assert.deepEqual([' ', '\n', '\t', 'a b', '\u0007'].map(visible), ['␣', '↵', '⇥', 'a␣b', '·']);
  });
});

describe('ticks and ranges', () => {
  it('step by 1, 2 or 5', () => {
    assert.deepEqual(
      linearTicks([0, 1500], 6).map((tick) => tick.label),
      ['0', '500', '1,000', '1,500'],
    );
    assert.deepEqual(
      linearTicks([0, 1], 4).map((tick) => tick.label),
      ['0.0', '0.5', '1.0'].map((t) => (t === '0.0' ? '0' : t)),
    );
    assert.deepEqual(
      logTicks([2e-4, 5], 5).map((tick) => tick.label),
      ['0.001', '0.01', '0.1', '1'],
    );
    assert.deepEqual(
      logTicks([1, 8], 4).map((tick) => tick.label),
      ['1', '2', '5'],
    );
  });
  it('cover what they are asked to cover', () => {
    const positive = fc.double({ min: 1e-12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const data = [Math.min(a, b), Math.max(a, b)] as const;
        for (const range of [growLinear(data), growLog(data)]) {
          assert.ok(
            range[0] <= data[0] && range[1] >= data[1] && range[1] > range[0],
            `${range} for ${data}`,
          );
        }
        assert.ok(floor125(a) <= a * (1 + 1e-9) && ceil125(a) >= a * (1 - 1e-9));
      }),
    );
  });
  it('keep a range unchanged while data grow within a step', () => {
    assert.deepEqual(growLog([0.0012, 2.7]), growLog([0.0019, 2.8]));
    assert.deepEqual(growLinear([0, 2.6]), growLinear([0, 2.7]));
  });
  it('map there and back', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (value) => {
        for (const scale of [linearScale([0, 2000], [44, 700]), logScale([1e-4, 1e4], [300, 10])]) {
          assert.ok(Math.abs(scale.invert(scale.map(value)) / value - 1) < 1e-9);
        }
      }),
    );
    assert.equal(logScale([0.1, 10], [100, 0]).map(-1), 100);
  });
  it('find the nearest entry', () => {
    assert.deepEqual(
      [0, 4, 6, 100].map((x) => nearestIndex([1, 5, 9], x)),
      [0, 1, 1, 2],
    );
    assert.equal(nearestIndex([], 3), -1);
  });
});

describe('labels', () => {
  it('keep order and distance and stay inside', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 15 }), (wanted) => {
        const places = pushApart(wanted, 15, 0, 300);
        const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
        order.forEach((index, k) => {
          assert.ok(places[index]! >= -1e-6 && places[index]! <= 300 + 1e-6);
          if (k > 0) assert.ok(places[index]! - places[order[k - 1]!]! >= 15 - 1e-6);
        });
      }),
    );
  });
  it('stay where they are when there is room', () => {
    assert.deepEqual(pushApart([10, 100, 50], 15, 0, 300), [10, 100, 50]);
  });
});

describe('colours', () => {
  it('of runs have a contrast of at least 3 : 1 in all themes and differ from each other', () => {
    for (const kind of kinds) {
      const theme = themeOf(kind);
      const styles = Array.from({ length: paletteSize }, (_, i) => runStyle(i, theme));
      for (const style of styles)
        assert.ok(contrast(style.color, theme.background) >= 3, `${kind} ${style.color}`);
      assert.equal(new Set(styles.map((style) => `${style.dash.join()} ${style.marker}`)).size, paletteSize);
    }
    assert.equal(runStyle(12, themeOf('dark')).opacity, 0.25);
  });
  it('are moved away from a background that they would vanish in', () => {
    assert.ok(contrast(withContrast('#9AC5F3', '#8fb8e0', 3), '#8fb8e0') >= 3);
    assert.equal(withContrast('#9AC5F3', '#1f1f1f', 3), '#9AC5F3');
  });
  it('are read from hex and rgb notation', () => {
    assert.deepEqual(parseColour('#0f08'), { r: 0, g: 255, b: 0, a: 136 / 255 });
    assert.deepEqual(parseColour('rgba(41, 41, 41, 0.7)'), { r: 41, g: 41, b: 41, a: 0.7 });
    assert.equal(parseColour('var(--x)'), undefined);
  });
  it('for secondary text differ from the foreground even where the theme makes them equal', () => {
    const light = themeOf('light');
    assert.notEqual(light.secondary, light.foreground);
    assert.ok(contrast(light.secondary, light.background) >= 4.5);
    assert.equal(themeOf('hc-dark').secondary, '#ffffff');
  });
});

describe('colour maps', () => {
  const word = (hex: string): number => {
    const { r, g, b } = parseColour(hex)!;
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  };
  it('give zero the background of the theme', () => {
    for (const kind of kinds) {
      const theme = { ...themeOf(kind), background: kind.includes('dark') ? '#101418' : '#fdf6e3' };
      for (const signed of [false, true]) {
        const map = colourMap(theme, signed);
        assert.equal(map.table[mapIndex(0, 5, signed, 'sqrt')], word(theme.background), `${kind} ${signed}`);
        assert.equal(map.table[mapIndex(3, 0, signed, 'sqrt')], word(theme.background));
        assert.equal(map.table[mapIndex(Number.NaN, 1, signed, 'sqrt')], word(theme.background));
      }
    }
  });
  it('grow in ink with magnitude, in both directions for signed values', () => {
    for (const kind of kinds) {
      const theme = themeOf(kind);
      const lightness = (packed: number): number =>
        toOklab({ r: packed & 255, g: (packed >> 8) & 255, b: (packed >> 16) & 255, a: 1 })[0];
      const ground = lightness(word(theme.background));
      const ink = (signed: boolean, value: number): number =>
        Math.abs(lightness(colourMap(theme, signed).table[mapIndex(value, 1, signed, 'linear')]!) - ground);
      for (let v = 0.1; v <= 1; v += 0.1) {
        assert.ok(ink(false, v) > ink(false, v - 0.1) - 0.004, `${kind} ${v}`);
        assert.ok(ink(true, v) > ink(true, v - 0.1) - 0.004, `${kind} ${v}`);
        assert.ok(ink(true, -v) > ink(true, 0.1 - v) - 0.004, `${kind} −${v}`);
      }
    }
  });
  it('are painted row by row and survive as PNG', () => {
    const map = colourMap(themeOf('dark'), true);
    const values = [-1, 0, 1, 0.25, -0.25, 0];
    const pixels = paintMatrix(2, 3, (row, column) => values[row * 3 + column]!, map, 1);
    const png = PNG.sync.read(Buffer.from(encodePng(pixels)));
    assert.deepEqual([png.width, png.height], [3, 2]);
    assert.deepEqual([...png.data], [...pixels.data]);
    assert.equal(toHex({ r: png.data[4]!, g: png.data[5]!, b: png.data[6]!, a: 1 }), '#1f1f1f');
  });
});

describe('SVG', () => {
  it('escapes text and names what it shows', () => {
    const svg = sceneToSvg({
      width: 10,
      height: 10,
      fonts: { ui: '"A", b', mono: 'm' },
      title: 'a < b',
      marks: [
        { kind: 'text', x: 1, y: 2, text: '<script>&"', size: 11, color: '#fff' },
        {
          kind: 'line',
          points: [0, 0, 1, Number.NaN, 2, 2, 3, 3],
          stroke: { color: '#000', width: 1, dash: [2, 1] },
        },
      ],
    });
    assert.ok(svg.includes('<title>a &lt; b</title>'));
    assert.ok(svg.includes('&lt;script&gt;&amp;&quot;') && !svg.includes('<script>'));
    assert.ok(svg.includes('d="M0 0M2 2L3 3"') && svg.includes('stroke-dasharray="2 1"'));
  });
});
