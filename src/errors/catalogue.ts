// Every error that Cerebro answers with, in one table. What a caller may do about each is in docs/errors.md,
// which a test holds against this table. Shapes and codes follow OpenAI's, so that its clients react rightly.
import { badRequests } from './bad-requests.js';
import { failures } from './failures.js';
import { refusals } from './refusals.js';

/** The catalogue, by the name that code throws. */
export const catalogue = { ...badRequests, ...refusals, ...failures };

/** A name in the catalogue. */
export type ErrorName = keyof typeof catalogue;
