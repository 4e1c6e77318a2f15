/** @file Starts the Scan panel. */
import '../shared/jitless';
import { render } from 'preact';
import { fromScanSchema, scanStateSchema, toScanSchema } from '../../src/protocol/view-scan';
import { connect } from '../shared/bridge';
import { followTheme } from '../shared/theme';
import '../shared/base.css';
import './scan.css';
// Icons of the tab, read by the host beside this script.
import './scan-dark.svg';
import './scan-light.svg';
import { App } from './app';
import { initialState, ScanModel } from './model';

const bridge = connect({ incoming: toScanSchema, outgoing: fromScanSchema, state: scanStateSchema });
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');

const target = root.dataset['panel'] ?? '';
const restored = bridge.restored?.target === target ? bridge.restored : undefined;
const model = new ScanModel(restored ?? initialState(target), bridge.send, bridge.save, !restored);
followTheme((theme) => model.setTheme(theme));
bridge.save(model.state);
bridge.onMessage((message) => model.receive(message));
render(<App model={model} />, root);
bridge.send({ type: 'ready' });
