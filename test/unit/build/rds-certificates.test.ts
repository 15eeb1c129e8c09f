import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { certificatesValidAt } from "../../../src/build/rds-certificates.ts";

const names = (day: string) => certificatesValidAt(new Date(day)).map((pem) => new X509Certificate(pem).subject);

test("the certificates of RDS are there for every region, each signed by itself", () => {
  const subjects = names("2026-11-23").join("\n");
  for (const region of ["us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1"]) {
    expect(subjects).toContain(`CN=Amazon RDS ${region} Root CA RSA2048 G1`);
    expect(subjects).toContain(`CN=Amazon RDS ${region} Root CA ECC384 G1`);
  }
});

test("one that has expired is not among them", () => {
  const of2024 = names("2024-01-01");
  const of2026 = names("2026-11-23");
  expect(of2024).toContainEqual(expect.stringContaining("2019"));
  expect(of2026).not.toContainEqual(expect.stringContaining("2019"));
  expect(of2026.length).toBeLessThan(of2024.length);
  expect(names("2200-01-01")).toEqual([]);
});
