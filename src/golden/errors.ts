/** @file The ways a case can end besides agreeing or disagreeing. */

/** The folder is no case, or case.json and tensors contradict each other: exit code 64. */
export class MalformedCase extends Error {
  override readonly name = 'MalformedCase';
}

/** A target or an option value that is not built here: exit code 2, never counted as passed. */
export class NotSupported extends Error {
  override readonly name = 'NotSupported';
}

/** The asked device cannot be used on this machine: exit code 3. */
export class DeviceAbsent extends Error {
  override readonly name = 'DeviceAbsent';
}
