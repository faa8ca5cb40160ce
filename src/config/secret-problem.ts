// Why a secret could not be read.

/** The end of a sentence that begins with the name of a variable, such as `cannot be read (ENOENT)`. Never a value. */
export class SecretProblem extends Error {
  override readonly name = 'SecretProblem';
}
