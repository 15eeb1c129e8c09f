import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { rdsAuthorities, rdsAuthoritiesIn } from "../../../src/connection/rds-authorities.ts";

function nameOf(pem: string): string {
  return /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1] ?? "";
}

describe("rdsAuthoritiesIn", () => {
  test("are those of the region, and Amazon's public ones", () => {
    const names = rdsAuthoritiesIn("eu-west-1").map(nameOf);
    expect(names.filter((name) => name.includes("eu-west-1 Root")).sort()).toEqual([
      "Amazon RDS eu-west-1 Root CA ECC384 G1",
      "Amazon RDS eu-west-1 Root CA RSA2048 G1",
      "Amazon RDS eu-west-1 Root CA RSA4096 G1",
    ]);
    const others = names.filter((name) => !name.includes("eu-west-1"));
    expect(others).toEqual(
      expect.arrayContaining(["Amazon Root CA 1", "Starfield Services Root Certificate Authority - G2"]),
    );
    expect(others.filter((name) => /[a-z]+-\d/.test(name))).toEqual([]);
  });

  test("leave none out in every region", () => {
    const regions = new Set(
      rdsAuthorities().flatMap((pem) => / ([a-z]+(?:-[a-z]+)+-\d) /.exec(nameOf(pem))?.[1] ?? []),
    );
    const found = new Set([...regions].flatMap((region) => rdsAuthoritiesIn(region)));
    expect(found).toEqual(new Set(rdsAuthorities()));
  });
});
