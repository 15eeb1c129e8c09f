// How all clients are set up that bring an answer.

/** One attempt: deliver.ts decides whether there is another one, and knows how much time is left. */
export const ONCE = { maxAttempts: 1, requestHandler: { connectionTimeout: 3_000 } } as const;
