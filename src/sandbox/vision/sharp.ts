// Loads sharp, which draws the sandbox's pictures and reads those of its callers, only when the sandbox runs.

/** Sharp. Throws an Error that says what to install when it is missing: it is a development dependency. */
export async function loadSharp(): Promise<typeof import('sharp')> {
  try {
    return await import('sharp');
  } catch (error) {
    throw new Error('The sandbox needs sharp and tesseract.js: install the development dependencies', {
      cause: error,
    });
  }
}
