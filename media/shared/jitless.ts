/**
 * @file Imported before any schema is made: zod's compiled checks need eval, which the content security policy
 * forbids, and already asking whether it is allowed is reported as a violation.
 */
import * as z from 'zod';

z.config({ jitless: true });
