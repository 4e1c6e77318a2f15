/** @file Versions that decide the numbers of a run. */

/** Of the native onnxruntime. */
export async function runtimeVersion(): Promise<string> {
  const { env } = await import('onnxruntime-node');
  return env.versions.node ?? env.versions.common;
}
