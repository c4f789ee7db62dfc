/** The client library's errors: trees of attempts, of brokers, of partitions, and of causes. */

/** What we read of them; all of it is optional, since errors of the platform are among them. */
export type ClientError = Error & {
  readonly code?: string;
  /** The protocol's name of an error. */
  readonly apiId?: string;
  /** The broker's own words. */
  readonly serverErrorMessage?: string | null;
  readonly errors?: readonly ClientError[];
  readonly response?: unknown;
};

/** Every error in the tree, the latest attempt first, each before what it is made of. */
export function* errorsIn(error: ClientError): Generator<ClientError> {
  yield error;
  for (const part of error.errors?.toReversed() ?? []) yield* errorsIn(part);
  if (error.cause instanceof Error) yield* errorsIn(error.cause as ClientError);
}

/** The library tells of a missing topic in words only. */
export function isUnknownTopic(error: Error): boolean {
  for (const { code, message } of errorsIn(error))
    if (code === 'PLT_KFK_USER' && message.startsWith('Unknown topic')) return true;
  return false;
}

export function hasApiId(error: Error, apiId: string): boolean {
  for (const part of errorsIn(error)) if (part.apiId === apiId) return true;
  return false;
}
