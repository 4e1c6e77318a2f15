import assert from 'node:assert/strict';
import type { PlaygroundState } from '../../src/protocol/view-playground';
import type { OpenOptions, OpenPanel } from './harness';
import { inked, keep, rgb, seriousViolations } from './looks';
import { continued, facts, result } from './playground-fixture';
import { answerNext, requestOf } from './playground-host';
import { settled, showing } from './showing';
import { describePanel } from './suite';
import { themes, type ThemeName } from './themes';

const PROMPT = 'Call me Ishmael. Some years ago';

describePanel('the Playground panel', (suite) => {
  const open = async (options: OpenOptions = {}, request: number | null = null): Promise<OpenPanel> => {
    const panel = await suite.open('playground', { height: 900, ...options });
    await panel.post({ type: 'target', name: 'text · sea', run: true, request });
    await panel.post({ type: 'opened', facts });
    await settled(panel.page);
    return panel;
  };
  const generate = async (panel: OpenPanel, tokens = 40) => {
    await panel.page.getByTestId('prompt').fill(PROMPT);
    await panel.page.getByTestId('control-maxTokens').fill(String(tokens));
    await panel.page.getByTestId('generate').click();
    return answerNext(panel);
  };
  const attribute = (panel: OpenPanel, name: string): Promise<string | null> =>
    panel.page.getByTestId('playground').getAttribute(`data-${name}`);
  const texts = (panel: OpenPanel): Promise<string[]> =>
    panel.page.locator('.token').evaluateAll((all) => all.map((token) => token.textContent ?? ''));

  it('asks with the settings as they are typed, and shows what comes', async () => {
    const panel = await open();
    const { page } = panel;
    await page.locator('.more-link').click();
    await page.getByTestId('control-stop').fill('\\n\\n\nThe End');
    await page.getByLabel('Constraint').selectOption('regex');
    await page.getByTestId('control-constraint').fill('[a-z ]+');
    await page.getByTestId('control-temperature').fill('0.7');
    await page.getByTestId('control-topK').fill('50');
    // Two in one frame: neither may be lost.
    await page.evaluate(() => {
      for (const [name, value] of Object.entries({ minP: '0.1', seed: '7' })) {
        const input = document.querySelector<HTMLInputElement>(`[data-testid=control-${name}]`)!;
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    const asked = await generate(panel);
    assert.deepEqual(asked, {
      type: 'generate',
      request: 1,
      prompt: PROMPT,
      path: [],
      settings: {
        temperature: 0.7,
        topK: 50,
        topP: 0.95,
        minP: 0.1,
        repetitionPenalty: 1,
        seed: 7,
        maxTokens: 40,
        stop: ['\n\n', 'The End'],
        constraint: { kind: 'regex', text: '[a-z ]+' },
      },
    });
    const expected = continued(PROMPT, 40, asked.settings);
    assert.deepEqual(
      await texts(panel),
      expected.map(({ text }) => text.replace('\n', '↵\n')),
    );
    assert.equal(await attribute(panel, 'running'), 'false');
    assert.match(await page.getByTestId('state-size').innerText(), /75\.8\skB at any length/);
    // (tokens − 1) steps in tokens / 1700 seconds.
    assert.match(await page.getByTestId('speed').innerText(), /1,660/);
  });

  it('opens the model again with weights in few bits, and shows what it holds in memory', async () => {
    const panel = await open();
    const { page } = panel;
    assert.match(await page.getByTestId('weights').innerText(), /32 bits\s+181\.0\sMB in memory/);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByText('Weights in 8 bits').click();
    assert.deepEqual(
      (await panel.sent()).filter(({ type }) => type === 'weights'),
      [{ type: 'weights', bits: 8 }],
    );
    await showing(() => attribute(panel, 'ready'), 'false');
    await panel.post({ type: 'opened', facts: { ...facts, bits: 8, memory: 96_000_000 } });
    await page
      .getByTestId('weights')
      .getByText(/8 bits\s+96\.0\sMB in memory/)
      .waitFor();
  });

  it('colours a token by its probability, and marks what was not the likeliest', async () => {
    const panel = await open();
    const asked = await generate(panel);
    const expected = continued(PROMPT, 40, asked.settings);
    const marks = await panel.page.locator('.token').evaluateAll((all) =>
      all.map((token) => ({
        classes: [...token.classList],
        ink: getComputedStyle(token).backgroundColor,
      })),
    );
    expected.forEach(({ logprob, rank }, index) => {
      const bits = Math.min(10, -logprob / Math.LN2);
      assert.ok(marks[index]!.classes.includes(`p${Math.round(bits * 3.2)}`), `${index}: ${bits}`);
      assert.equal(marks[index]!.classes.includes('unlikely'), rank > 1);
    });
    const sure = marks.find((_, index) => -expected[index]!.logprob < 0.02);
    assert.ok(sure === undefined || sure.ink === `rgb(${rgb('#1f1f1f').join(', ')})`);
    assert.ok(new Set(marks.map(({ ink }) => ink)).size > 5);
  });

  it('shows the alternatives of the token that is pointed at, and of the chosen one again', async () => {
    const panel = await open();
    const { page } = panel;
    const asked = await generate(panel);
    const expected = continued(PROMPT, 40, asked.settings);
    const listed = () => page.locator('.alternative .sign').allInnerTexts();
    await page.locator('.token[data-index="5"]').click();
    await page.locator('.token[data-index="9"]').hover();
    const labels = (index: number): string =>
      expected[index]!.alternatives.map(({ label }) => label).join(' ');
    await showing(async () => (await listed()).join(' '), labels(9));
    await page.mouse.move(5, 5);
    await showing(async () => (await listed()).join(' '), labels(5));
    assert.match(await page.locator('.token-panel h2').innerText(), /Token 6 of 40/);
  });

  it('goes on with an alternative that is clicked, as a branch of its own', async () => {
    const panel = await open();
    const { page } = panel;
    const first = await generate(panel);
    const drawn = continued(PROMPT, 40, first.settings);
    await page.locator('.token[data-index="7"]').click();
    // The list of another token may still stand there.
    await page.locator('.token-panel h2', { hasText: 'Token 8 of 40' }).waitFor();
    const other = drawn[7]!.alternatives.find(({ id }) => id !== drawn[7]!.id)!;
    await page.locator('.alternative:not(.drawn)').first().click();
    const asked = await requestOf(panel);
    assert.deepEqual(asked.path, [...drawn.slice(0, 7).map(({ id }) => id), other.id]);
    await answerNext(panel);
    await showing(() => attribute(panel, 'branches'), '2');
    await showing(async () => (await texts(panel))[7]?.trim(), String.fromCharCode(other.id).trim());
    assert.ok(
      await page.locator('.token[data-index="7"]').evaluate((token) => token.classList.contains('chosen')),
    );
    // The first branch is as it was.
    await page.locator('.branches li').first().click();
    await showing(
      async () => (await texts(panel)).join('|'),
      drawn.map(({ text }) => text.replace('\n', '↵\n')).join('|'),
    );
  });

  it('is used by keyboard alone: tokens, alternatives, branches', async () => {
    const panel = await open();
    const { page } = panel;
    await page.getByTestId('prompt').fill(PROMPT);
    await page.getByTestId('control-maxTokens').fill('30');
    await page.getByTestId('prompt').press('Control+Enter');
    const first = await answerNext(panel);
    const drawn = continued(PROMPT, 30, first.settings);
    await page.locator('.tokens').focus();
    await page.keyboard.press('Home');
    for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(40);
    assert.equal(await attribute(panel, 'position'), '4');
    assert.match(await page.locator('[aria-live]').innerText(), /^Token 5, ./);
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(40);
    const place = await page.locator('.alternative.choice').count();
    assert.equal(place, 1);
    const sign = await page.locator('.alternative.choice .sign').innerText();
    const expected = drawn[4]!.alternatives.find(({ label }) => label === sign)!;
    assert.notEqual(expected.id, drawn[4]!.id);
    await page.keyboard.press('Enter');
    assert.equal((await requestOf(panel)).path.at(-1), expected.id);
    await answerNext(panel);
    assert.equal(await attribute(panel, 'branch'), '2');
    await page.keyboard.press('[');
    await page.waitForTimeout(40);
    assert.equal(await attribute(panel, 'branch'), '1');
    await page.keyboard.press('t');
    await page.getByTestId('data-table').waitFor();
    assert.equal(await page.locator('[data-testid=data-table] tbody tr').count(), 30);
  });

  it('draws again with the next seed, and goes on behind the last token', async () => {
    const panel = await open();
    const { page } = panel;
    const first = await generate(panel, 20);
    const drawn = continued(PROMPT, 20, first.settings);
    await page.locator('.token[data-index="3"]').click();
    await page.getByTestId('again').click();
    const again = await answerNext(panel);
    assert.equal(again.settings.seed, 1);
    assert.deepEqual(
      again.path,
      drawn.slice(0, 3).map(({ id }) => id),
    );
    await page.getByTestId('go-on').click();
    const more = await requestOf(panel);
    assert.equal(more.path.length, 3 + 17);
    assert.equal(await attribute(panel, 'branches'), '2');
  });

  it('stops, and keeps what there is', async () => {
    const panel = await open();
    const { page } = panel;
    await page.getByTestId('prompt').fill(PROMPT);
    await page.getByTestId('generate').click();
    const { request, settings } = await requestOf(panel);
    assert.equal(await attribute(panel, 'running'), 'true');
    await panel.post({ type: 'tokens', request, from: 0, tokens: continued(PROMPT, 8, settings) });
    await page.getByTestId('stop').click();
    assert.equal((await panel.sent()).at(-1)!.type, 'stop');
    await panel.post({ type: 'finished', request, result: result(8, 'stopped') });
    await settled(page);
    assert.equal(await attribute(panel, 'tokens'), '8');
    assert.match(await page.locator('.legend').innerText(), /Stopped\./);
  });

  it('says what is wrong with a setting, and asks for nothing', async () => {
    const panel = await open();
    const { page } = panel;
    await page.getByTestId('prompt').fill(PROMPT);
    for (const [name, value, said] of [
      ['topP', '1.2', /Top-p is a number from 0 to 1/],
      ['maxTokens', '0', /Tokens is a whole number from 1 to 4,096/],
      ['seed', 'x', /Seed is a whole number/],
    ] as const) {
      const control = page.getByTestId(`control-${name}`);
      const before = await control.inputValue();
      await control.fill(value);
      await page.getByTestId('generate').click();
      assert.match(await page.locator('.prompt .is-error').innerText(), said);
      assert.equal(await control.getAttribute('aria-invalid'), 'true');
      await control.fill(before);
    }
    assert.equal((await panel.sent()).filter(({ type }) => type === 'generate').length, 0);
  });

  it('tells why nothing was generated, and drops the branch that has no text', async () => {
    const panel = await open();
    const { page } = panel;
    await page.getByTestId('prompt').fill('x');
    await page.getByTestId('generate').click();
    const { request } = await requestOf(panel);
    await panel.post({ type: 'failed', request, message: 'The JSON Schema is no JSON: Unexpected end.' });
    await settled(page);
    assert.match(
      await page.locator('.message').innerText(),
      /Nothing was generated\. The JSON Schema is no JSON/,
    );
    assert.equal(await attribute(panel, 'branches'), '0');
    await panel.post({ type: 'failed', request: null, message: 'The process was ended by SIGKILL.' });
    await page.locator('.message .link', { hasText: 'Try again' }).click();
    assert.deepEqual((await panel.sent()).at(-1), { type: 'command', command: 'reopen' });
  });

  it('comes back after a reload with its branches; a request that nobody continues has ended', async () => {
    const first = await open();
    await generate(first);
    await first.page.locator('.token[data-index="7"]').click();
    await first.page.locator('.alternative:not(.drawn)').first().click();
    const { request, settings } = await requestOf(first);
    const tokens = continued(`${PROMPT}abcdefgh`, 5, settings);
    await first.post({ type: 'tokens', request, from: 0, tokens });
    await first.page.waitForTimeout(700);
    const state = await first.state<PlaygroundState>();
    const shown = await texts(first);

    const again = await open({ state: { ...state, target: 'test' } });
    assert.deepEqual(await texts(again), shown);
    assert.equal(await attribute(again, 'running'), 'false');
    assert.equal(await attribute(again, 'finish'), 'stopped');
    assert.equal(await again.page.locator('.branches li').count(), 2);

    // The page alone was gone: the host tells again what it has.
    const hidden = await open({ state: { ...state, target: 'test' } }, request);
    assert.equal(await attribute(hidden, 'running'), 'true');
    const all = [...tokens, ...continued(`${PROMPT}abcdefghijklm`, 3, settings)];
    await hidden.post({ type: 'tokens', request, from: 0, tokens: all });
    await hidden.post({ type: 'finished', request, result: result(8) });
    await hidden.page.waitForTimeout(80);
    assert.equal(await attribute(hidden, 'tokens'), '16');
    assert.equal(await attribute(hidden, 'finish'), 'length');
  });

  it('drops messages and states that do not fit', async () => {
    const panel = await open({ state: { version: 1, target: 'test', branches: [{ id: 1, tokens: 'x' }] } });
    assert.equal(await attribute(panel, 'branches'), '0');
    await panel.post({ type: 'tokens', request: 1, from: 0, tokens: [{ id: -1 }] });
    await panel.page.waitForTimeout(40);
    const complaint = (await panel.sent()).at(-1)!;
    assert.equal(complaint.type, 'error');
    assert.match(String(complaint['message']), /not understood/);
    // That is what was wanted; the checks behind every test need not see it.
    await suite.close(panel);
  });

  it('copies and saves a branch as text, Markdown, JSON and CSV', async () => {
    const panel = await open();
    const { page } = panel;
    const asked = await generate(panel, 12);
    const drawn = continued(PROMPT, 12, asked.settings);
    const text = PROMPT + drawn.map((token) => token.text).join('');
    const choose = async (label: string) => {
      await page.getByRole('button', { name: 'Copy or save' }).click();
      await page.getByRole('menuitem', { name: label }).click();
      await page.waitForTimeout(40);
      return (await panel.sent()).at(-1)! as { type: string; text?: string; data?: string; name?: string };
    };
    assert.equal((await choose('Copy text')).text, text);
    assert.ok((await choose('Copy as Markdown')).text!.includes(`\`\`\`text\n${text}\n\`\`\``));
    const saved = await choose('Save as JSON…');
    assert.equal(saved.name, 'text-sea-branch1.json');
    const json = JSON.parse(saved.data!) as {
      tokens: { id: number; logprob: number; alternatives: unknown[] }[];
    };
    assert.deepEqual(
      json.tokens.map(({ id }) => id),
      drawn.map(({ id }) => id),
    );
    assert.equal(json.tokens[0]!.alternatives.length, drawn[0]!.alternatives.length);
    const csv = (await choose('Save tokens as CSV…')).data!.trim().split('\n');
    assert.ok(csv.length >= 13);
  });

  it('asks for the scan of the text that is shown', async () => {
    const panel = await open();
    const asked = await generate(panel, 6);
    await panel.page.getByRole('button', { name: 'More' }).click();
    await panel.page.getByRole('menuitem', { name: 'Inspect Scan' }).click();
    await panel.page.waitForTimeout(40);
    assert.deepEqual((await panel.sent()).at(-1), {
      type: 'scan',
      prompt: PROMPT,
      path: continued(PROMPT, 6, asked.settings).map(({ id }) => id),
    });
  });

  for (const theme of Object.keys(themes) as ThemeName[]) {
    it(`is drawn and accessible in ${theme}`, async () => {
      const panel = await open({ theme });
      await generate(panel, 120);
      const background = rgb(themes[theme].variables['editor-background']!);
      assert.ok((await inked(panel.page.locator('.page'), background)) > 0.1);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await keep(panel.page, `playground-${theme}`);
    });
  }

  it('fits into 300 pixels without sideways scrolling', async () => {
    const panel = await open({ width: 300 });
    await generate(panel, 60);
    const [content, window] = await panel.page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(content! <= window!, `${content} > ${window}`);
    await keep(panel.page, 'playground-300');
  });

  it('stays quick while thousands of tokens come', async () => {
    const panel = await open();
    const { page } = panel;
    await page.getByTestId('prompt').fill(PROMPT);
    await page.getByTestId('control-maxTokens').fill('4000');
    await page.getByTestId('generate').click();
    const { request, settings } = await requestOf(panel);
    const tokens = continued(PROMPT, 4000, settings);
    for (let from = 0; from < 4000; from += 500)
      await panel.post({ type: 'tokens', request, from, tokens: tokens.slice(from, from + 500) });
    await panel.post({ type: 'finished', request, result: result(4000) });
    await page.waitForTimeout(300);
    assert.equal(await attribute(panel, 'tokens'), '4000');
    assert.equal(await page.locator('.token').count(), 4000);
    const state = await panel.state<PlaygroundState>();
    assert.equal(state.branches[0]!.tokens.length, 4000);
  });
});
