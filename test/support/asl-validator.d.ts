// The package has no types of its own: https://github.com/ChristopheBougere/asl-validator
declare module "asl-validator" {
  /** Writes into the definition. */
  function validate(definition: object): { isValid: boolean; errorsText(): string };
  export = validate;
}
