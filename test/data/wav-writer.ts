/** @file WAV files for tests. */

export interface WavKind {
  readonly bits: number;
  readonly float?: boolean;
  readonly extensible?: boolean;
  readonly channels?: number;
}

/** Channel c has the samples times 1 − c / 2; a chunk of odd size stands before them. */
export function wav(
  samples: number[],
  { bits, float = false, extensible = false, channels = 1 }: WavKind,
  rate = 8000,
): Buffer {
  const bytes = bits / 8;
  const data = Buffer.alloc(samples.length * channels * bytes);
  samples.forEach((sample, i) => {
    for (let c = 0; c < channels; c++) {
      const [at, v] = [(i * channels + c) * bytes, sample * (1 - c / 2)];
      if (float && bytes === 4) data.writeFloatLE(v, at);
      else if (float) data.writeDoubleLE(v, at);
      else if (bytes === 1) data.writeUInt8(Math.round(v * 128) + 128, at);
      else data.writeIntLE(Math.round(v * 2 ** (bits - 1)), at, bytes);
    }
  });
  const format = Buffer.alloc(extensible ? 40 : 16);
  const code = float ? 3 : 1;
  format.writeUInt16LE(extensible ? 0xfffe : code, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt16LE(bits, 14);
  if (extensible) format.writeUInt16LE(code, 24);
  const chunk = (name: string, content: Buffer): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(content.length);
    return Buffer.concat([Buffer.from(name), size, content, Buffer.alloc(content.length % 2)]);
  };
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', format),
    chunk('LIST', Buffer.from('odd')),
    chunk('data', data),
  ]);
  return chunk('RIFF', body);
}
