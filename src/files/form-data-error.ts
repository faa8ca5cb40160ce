// Why a body is no form.

/** A body that is no multipart/form-data, or more of it than is taken. */
export class FormDataError extends Error {
  override readonly name = 'FormDataError';

  /**
   * @param message what is wrong, as the rest of a sentence about the body
   * @param field the field that is at fault, where it is known
   */
  constructor(
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}
