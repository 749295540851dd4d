/**
 * What does not hold: a stable code and a sentence. Everything here that reads
 * what strangers wrote answers with a value or throws one of these, and
 * nothing else.
 */
export class Refusal extends Error {
  /**
   * @param {string} code stable, such as `leaf.proof`
   * @param {string} message a sentence for people
   */
  constructor(code, message) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}

/**
 * Throws a {@link Refusal} unless `condition` holds.
 *
 * @param {unknown} condition
 * @param {string} code
 * @param {string} message
 */
export function demand(condition, code, message) {
  if (!condition) throw new Refusal(code, message);
}
