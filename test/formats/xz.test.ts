/** @file The .xz container: streams as XZ Utils writes them come out again, and what is damaged is refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LzmaError } from '../../src/formats/lzma';
import { decodeXz, isXz } from '../../src/formats/lzma/xz';

const MOST = 1e6;
const fixture = (name: string): Uint8Array => readFileSync(join(__dirname, 'fixtures', name));
/** Four streams with padding between: without a check, with CRC-64, with SHA-256, and an empty one. */
const streams = fixture('streams.xz');
const rows = (factor: number): string =>
  Array.from({ length: 900 }, (_, i) => `${i},${(i * i * factor) % 97}\n`).join('');
const plain = `a,b\n${rows(1)}${rows(3)}`;

const refused = (bytes: Uint8Array, message: RegExp, most = MOST): void =>
  assert.throws(
    () => decodeXz(bytes, most),
    (error) => error instanceof LzmaError && message.test(error.message),
  );

describe('.xz', () => {
  it('unpacks all streams of a file', () => {
    assert.ok(isXz(streams));
    assert.equal(Buffer.from(decodeXz(streams, MOST)).toString(), plain);
  });

  it('notices every changed byte but those of padding', () => {
    for (let at = 0; at < streams.length; at++) {
      const bytes = Uint8Array.from(streams);
      bytes[at]! ^= 1;
      let found: string | undefined;
      try {
        found = Buffer.from(decodeXz(bytes, MOST)).toString();
      } catch (error) {
        assert.ok(error instanceof LzmaError, `${at}: ${String(error)}`);
      }
      // Without a check only the stream itself can tell: its four letters are stored as they are.
      if (found !== undefined)
        assert.ok(found.length === plain.length && found.slice(4) === plain.slice(4), `${at}`);
    }
  });

  it('refuses what is cut off, at any place', () => {
    const end = streams.length - 32;
    for (let length = 1; length < end; length += 7) {
      try {
        const found = Buffer.from(decodeXz(streams.subarray(0, length), MOST)).toString();
        // Between two streams a file may end.
        assert.ok(found.length < plain.length && plain.startsWith(found), String(length));
      } catch (error) {
        assert.ok(error instanceof LzmaError, `${length}: ${String(error)}`);
      }
    }
  });

  it('refuses more than may come out, and filters for machine code', () => {
    refused(streams, /unpacks to more than 5996 bytes/, 6000);
    refused(fixture('x86.xz'), /a filter besides LZMA2 is not read/);
    refused(Uint8Array.from([1, 2, 3]), /it is no \.xz/);
  });
});
