/** @file The worker of the Curves panel: keeps a copy of the rows, smooths them and paints the lines of large charts. */
import { drawScene } from '../../src/figures/core/canvas';
import { LayerData, type DrawnLayer, type ToLayer } from '../../src/figures/curves/layer';

export interface FromLayer extends Pick<DrawnLayer, 'extent' | 'ends'> {
  readonly chart: number;
  readonly picture: ImageBitmap;
}

/** The part of a worker's scope that is used; the page's types know only windows. */
interface Scope {
  onmessage: ((event: MessageEvent<ToLayer>) => void) | null;
  postMessage(message: FromLayer, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
const data = new LayerData();

scope.onmessage = ({ data: message }) => {
  if (message.type === 'rows') data.take(message);
  else if (message.type === 'keep') data.keep(message.runs);
  else if (message.type === 'prepare') data.prepare(message);
  else {
    const { scene, extent, ends } = data.draw(message);
    const canvas = new OffscreenCanvas(1, 1);
    drawScene(canvas, scene, message.ratio);
    const picture = canvas.transferToImageBitmap();
    scope.postMessage({ chart: message.chart, picture, extent, ends }, [picture]);
  }
};
