/** @file The worker of the Curves panel: keeps a copy of the rows, smooths them and paints the lines of large charts. */
import { Raster } from '../../src/figures/core/raster';
import {
  LayerData,
  paintLayer,
  type DrawnLayer,
  type LayerRequest,
  type ToLayer,
} from '../../src/figures/curves/layer';

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
const raster = new Raster();

async function answer(request: LayerRequest): Promise<void> {
  const drawn = data.draw(request);
  paintLayer(drawn, request.ratio, raster);
  const { data: bytes, width, height } = raster.pixels();
  // The pixels are copied before this returns, so that the next picture may be painted into the same memory.
  const picture = await createImageBitmap(
    new ImageData(bytes as Uint8ClampedArray<ArrayBuffer>, width, height),
  );
  const { extent, ends } = drawn;
  scope.postMessage({ chart: request.chart, picture, extent, ends }, [picture]);
}

scope.onmessage = ({ data: message }) => {
  if (message.type === 'rows') data.take(message);
  else if (message.type === 'keep') data.keep(message.runs);
  else if (message.type === 'prepare') data.prepare(message);
  else void answer(message);
};
