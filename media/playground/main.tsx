/** @file Starts the Playground panel. */
import '../shared/jitless';
import { render } from 'preact';
import {
  fromPlaygroundSchema,
  playgroundStateSchema,
  toPlaygroundSchema,
} from '../../src/protocol/view-playground';
import { connect } from '../shared/bridge';
import { followTheme } from '../shared/theme';
import '../shared/base.css';
import './playground.css';
// Icons of the tab, read by the host beside this script.
import './playground-dark.svg';
import './playground-light.svg';
import { App } from './app';
import { publishInk } from './ink';
import { initialState, PlaygroundModel } from './model';

const bridge = connect({
  incoming: toPlaygroundSchema,
  outgoing: fromPlaygroundSchema,
  state: playgroundStateSchema,
});
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');

const target = root.dataset['panel'] ?? '';
const restored = bridge.restored?.target === target ? bridge.restored : undefined;
const model = new PlaygroundModel(restored ?? initialState(target), bridge.send, bridge.save);
followTheme((theme) => {
  publishInk(theme);
  model.setTheme(theme);
});
model.patch({});
bridge.onMessage((message) => model.receive(message));
render(<App model={model} />, root);
bridge.send({ type: 'ready', bits: model.state.bits });
