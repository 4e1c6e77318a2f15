/**
 * @file WAV files with plain samples: 8, 16, 24 or 32 bits, or floats. (Multimedia Programming Interface and Data
 * Specifications 1.0, "Waveform Audio File Format"; WAVEFORMATEXTENSIBLE for its later header.)
 */

export interface Sound {
  /** Samples per second. */
  readonly rate: number;
  /** −1 … 1; the mean of all channels. */
  readonly samples: Float32Array;
}

export class WavError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WavError';
  }
}

const fail = (message: string): never => {
  throw new WavError(message);
};

const [PLAIN, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];

/**
 * @param limit samples that are read at most
 * @throws WavError when it is damaged or its samples are compressed
 */
export function readWav(bytes: Uint8Array, limit: number): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number): string => Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
  if (bytes.length < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE') return fail('it is no WAV file');
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (name(at) === 'fmt ') {
      if (size < 16 || start + size > bytes.length) return fail('its header is cut off');
      format = formatOf(view, start, size);
    }
    if (name(at) === 'data') {
      if (!format) return fail('its samples come before their format');
      // A file that was written as a stream does not know its size.
      const there = Math.min(size, bytes.length - start);
      if (there < size && size < 0xfffffff0)
        return fail(`it is cut off: ${there} of ${size} bytes of samples`);
      return { rate: format.rate, samples: samplesOf(view, start, there, format, limit) };
    }
    // Chunks begin at even places.
    at = start + size + (size % 2);
  }
  return fail('it has no samples');
}

interface Format {
  readonly float: boolean;
  readonly channels: number;
  readonly rate: number;
  readonly bytes: number;
}

function formatOf(view: DataView, at: number, size: number): Format {
  const written = view.getUint16(at, true);
  // The extensible header has the format at the start of an identifier.
  const format = written === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : written;
  const [channels, rate, bits] = [
    view.getUint16(at + 2, true),
    view.getUint32(at + 4, true),
    view.getUint16(at + 14, true),
  ];
  const float = format === FLOAT;
  if (!float && format !== PLAIN)
    return fail(`its samples are compressed (format ${format}); save it as plain PCM`);
  if (channels < 1 || rate < 1) return fail('its header names no channel or no rate');
  if (!(float ? [32, 64] : [8, 16, 24, 32]).includes(bits)) return fail(`it has samples of ${bits} bits`);
  return { float, channels, rate, bytes: bits / 8 };
}

function samplesOf(view: DataView, start: number, size: number, format: Format, limit: number): Float32Array {
  const { channels, bytes, float } = format;
  const each = channels * bytes;
  const samples = new Float32Array(Math.min(limit, Math.floor(size / each)));
  const read = readerOf(view, bytes, float);
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += read(start + i * each + c * bytes);
    samples[i] = sum / channels;
  }
  return samples;
}

/** One sample at a place; those of 8 bits have no sign. */
function readerOf(view: DataView, bytes: number, float: boolean): (at: number) => number {
  if (float) return bytes === 4 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  if (bytes === 1) return (at) => (view.getUint8(at) - 128) / 128;
  if (bytes === 2) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bytes === 3) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}
