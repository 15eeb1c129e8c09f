// The account a server runs under, and which paths that account can use. Knows no PostgreSQL.
import { chmod, chown, lstat, realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** As `spawn` takes it. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** "nobody" on Linux. A uid without an entry in /etc/passwd would not do: initdb looks its name up. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/** The account to run a server under; null means one's own, because only root must not run PostgreSQL. */
export function serverAccount(): Account | null {
  return process.getuid?.() === 0 ? NOBODY : null;
}

/** Whether the account may pass every directory down to `path` and enter (or execute) that one too. */
export async function canReach(account: Account | null, path: string): Promise<boolean> {
  if (account === null) return true;
  for (let place = await realpath(path); ; place = dirname(place)) {
    const { mode, uid, gid } = await stat(place);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (place === dirname(place)) return true;
  }
}

/** Makes the account the owner of a file or directory, readable to nobody else. */
export async function giveTo(account: Account | null, path: string, mode: number): Promise<void> {
  await chmod(path, mode);
  if (account !== null) await chown(path, account.uid, account.gid);
}

/** A path under the system's temporary directory. Fails when the account could not get there either. */
export async function temporaryPath(account: Account | null, name: string): Promise<string> {
  if (await canReach(account, tmpdir())) return join(tmpdir(), name);
  throw new Error(
    `PostgreSQL does not run as root, and uid ${account?.uid} cannot enter ${tmpdir()}. Set TMPDIR to a directory that every user can enter.`,
  );
}

/**
 * Fails unless the directory is this user's and only this user can change it. Names under a shared temporary
 * directory can be guessed, so somebody else may have put programs or a server of their own there.
 */
export async function assertOwnDirectory(path: string): Promise<void> {
  const found = await lstat(path);
  if (process.getuid === undefined) return;
  if (found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o022) === 0) return;
  throw new Error(`${path} belongs to another user or can be changed by one. Run as that user, or remove it first.`);
}
