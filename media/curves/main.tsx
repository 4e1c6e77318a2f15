/** @file Starts the Curves panel. */
import '../shared/jitless';
import { render } from 'preact';
import { curvesStateSchema, fromCurvesSchema, toCurvesSchema } from '../../src/protocol/view-curves';
import { connect } from '../shared/bridge';
import { followTheme } from '../shared/theme';
import '../shared/base.css';
import './curves.css';
// Icons of the tab, read by the host beside this script.
import './curves-dark.svg';
import './curves-light.svg';
import { App } from './app';
import { CurvesModel } from './model';
import { initialState } from './state';

const bridge = connect({ incoming: toCurvesSchema, outgoing: fromCurvesSchema, state: curvesStateSchema });
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');

// Beside this script; `currentScript` is known only while it runs for the first time.
const worker = new URL(
  'curves-worker.js',
  (document.currentScript as HTMLScriptElement | null)?.src ?? location.href,
);

const panel = root.dataset['panel'] ?? 'all';
const restored = bridge.restored?.panel === panel || !root.dataset['panel'] ? bridge.restored : undefined;
const model = new CurvesModel(restored ?? { ...initialState, panel }, bridge.send, bridge.save, worker.href);
followTheme((theme) => model.setTheme(theme));
bridge.onMessage((message) => model.receive(message));
render(<App model={model} />, root);
bridge.send({ type: 'ready' });
