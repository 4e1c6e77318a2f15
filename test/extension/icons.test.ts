/** @file Icons of the Runs view can be seen on the side bar of every theme. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contrast } from '../../src/figures/core/colour';
import { themes } from '../panels/themes';

const sideBar = (theme: keyof typeof themes): string => themes[theme].variables['sideBar-background']!;

describe('the icon of a config', () => {
  // The editor takes the dark one in all themes but light ones, also in the light one of high contrast.
  for (const [icon, grounds] of [
    ['light', [sideBar('light')]],
    ['dark', [sideBar('dark'), sideBar('hc-dark'), '#ffffff']],
  ] as const)
    it(`${icon} has a contrast of 3 : 1`, () => {
      const svg = readFileSync(join(__dirname, `../../media/icons/config-${icon}.svg`), 'utf8');
      const colours = new Set([...svg.matchAll(/#[0-9a-f]{6}/g)].map(([colour]) => colour));
      assert.ok(colours.size > 0);
      for (const colour of colours)
        for (const ground of grounds) assert.ok(contrast(colour, ground) >= 3, `${colour} on ${ground}`);
    });
});
