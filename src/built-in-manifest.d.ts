// The manifest that esbuild.config.mjs compiles from migrations/ and puts into a bundle under this name.
declare module "hj:manifest" {
  export const manifest: import("./migration/manifest.ts").Manifest;
}
