// What pg proves a password with, by Node's own functions and at once. The bundles put it in the place of pg's lib/crypto/utils.js,
// whose Web Crypto goes through other threads six times for one proof: a quarter of the CPU of a run that finds nothing to do.
import * as crypto from "node:crypto";

export function randomBytes(count: number): Buffer {
  return crypto.randomBytes(count);
}

/** PBKDF2 with SHA-256, 32 bytes. Blocks for a millisecond per 4,096 iterations, the server's default; pg refuses more than 100,000. */
export function deriveKey(password: string, salt: Uint8Array, iterations: number): Buffer {
  return crypto.pbkdf2Sync(password, salt, iterations, 32, "sha256");
}

/** HMAC with SHA-256. */
export function hmacSha256(key: Uint8Array, text: string): Buffer {
  return crypto.createHmac("sha256", key).update(text).digest();
}

export function sha256(bytes: Uint8Array): Buffer {
  return crypto.createHash("sha256").update(bytes).digest();
}

/** `hash` as certificates name it, such as `SHA-384`: what a channel binding is made of. */
export function hashByName(hash: string, bytes: Uint8Array): Buffer {
  return crypto.createHash(hash).update(bytes).digest();
}

export function md5(text: string | Uint8Array): string {
  return crypto.createHash("md5").update(text).digest("hex");
}

/** The answer to AuthenticationMD5Password: https://www.postgresql.org/docs/current/protocol-flow.html */
export function postgresMd5PasswordHash(user: string, password: string, salt: Uint8Array): string {
  return `md5${md5(Buffer.concat([Buffer.from(md5(password + user)), salt]))}`;
}
