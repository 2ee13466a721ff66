/** Say whether a module of the examples was started as a program, or is imported. */

import { createRequire } from "node:module";

/**
 * Return true for the `import.meta.filename` of the module that `node` was started with.
 *
 * Also through a symbolic link, such as that of a release, and without `.js`: a program that then did nothing would end
 * with 0, as if the answer were yes.
 */
export function isMain(filename: string): boolean {
  const started = process.argv[1];
  try {
    return started !== undefined && createRequire(filename).resolve(started) === filename;
  } catch {
    return false;
  }
}
