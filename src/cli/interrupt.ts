// Ctrl-C and a polite kill: the run is stopped in order, and only the second one is impatient.

/** A signal to give to a run. `release` restores what a signal does to the process. */
export interface Interrupt {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** The part of `process` that this needs. */
type SignalSource = Pick<NodeJS.Process, "on" | "off" | "exit" | "stderr">;

/** What `endAsProcessOne` needs of it. */
type FirstProcess = Pick<NodeJS.Process, "on" | "exit" | "listenerCount">;

/** As shells report a process ended by SIGINT: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html */
const EXIT_INTERRUPTED = 130;
const EXIT_TERMINATED = 143;

/** The first SIGINT or SIGTERM aborts the run, which cancels, rolls back, unlocks and reports; a second one exits. */
export function stopOnInterrupt(source: SignalSource): Interrupt {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) source.exit(EXIT_INTERRUPTED);
    source.stderr.write("\nStopping: cancelling and rolling back ...\n");
    controller.abort();
  };
  source.on("SIGINT", onSignal);
  source.on("SIGTERM", onSignal);
  const release = () => {
    source.off("SIGINT", onSignal);
    source.off("SIGTERM", onSignal);
  };
  return { signal: controller.signal, release };
}

/**
 * For work that goes on elsewhere: the first SIGINT or SIGTERM says `farewell` and exits. Returns what restores what a
 * signal does to the process.
 */
export function exitOnInterrupt(source: SignalSource, farewell: () => string): () => void {
  const onSignal = () => {
    source.stderr.write(`\n${farewell()}\n`);
    source.exit(EXIT_INTERRUPTED);
  };
  source.on("SIGINT", onSignal);
  source.on("SIGTERM", onSignal);
  return () => {
    source.off("SIGINT", onSignal);
    source.off("SIGTERM", onSignal);
  };
}

/**
 * For process 1 of a container, which no signal ends that it does not listen to: while nothing runs that could be stopped
 * in order, SIGINT and SIGTERM end it at once, as they would end any other process. Who listens besides takes over.
 */
export function endAsProcessOne(source: FirstProcess): void {
  for (const [signal, exitCode] of [
    ["SIGINT", EXIT_INTERRUPTED],
    ["SIGTERM", EXIT_TERMINATED],
  ] as const) {
    source.on(signal, () => {
      if (source.listenerCount(signal) === 1) source.exit(exitCode);
    });
  }
}
