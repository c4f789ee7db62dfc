/** Ends an exhaustive switch: the compiler refuses the call while a member of the union is unhandled. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
