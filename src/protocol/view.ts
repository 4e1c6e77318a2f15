/**
 * @file What the panels and their host say to each other. Both sides check what they receive against these schemas;
 * typed arrays pass as typed arrays.
 */
import * as z from 'zod';

/** A file that a panel asks the host to save or to copy. */
export const exportSchema = z.strictObject({
  type: z.literal('export'),
  /** Proposed file name without folder. */
  name: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^/\\:*?"<>|]+$/),
  kind: z.enum(['png', 'svg', 'csv', 'json', 'md']),
  data: z.union([z.instanceof(Uint8Array), z.string()]),
});

export const copySchema = z.strictObject({ type: z.literal('copy'), text: z.string().max(10_000_000) });

/** An error inside a panel, for the log. */
export const panelErrorSchema = z.strictObject({ type: z.literal('error'), message: z.string().max(10_000) });

export const numbersSchema = z.instanceof(Float64Array);

/** Checks a message; undefined when it is none of ours, with the reason for the log. */
export function readMessage<T>(
  schema: z.ZodType<T>,
  message: unknown,
): { message: T; problem?: undefined } | { message?: undefined; problem: string } {
  const result = schema.safeParse(message);
  if (result.success) return { message: result.data };
  const issue = result.error.issues[0];
  return { problem: `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'unknown'}` };
}
