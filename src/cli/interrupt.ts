// Ctrl-C and a polite kill: the run is stopped in order, and only the second one is impatient.

/** A signal to give to a run. `release` restores what a signal does to the process. */
export interface Interrupt {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** The part of `process` that this needs. */
type SignalSource = Pick<NodeJS.Process, "on" | "off" | "exit" | "stderr">;

/** As shells report a process ended by SIGINT: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html */
const EXIT_INTERRUPTED = 130;

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
