import { describe, expect, test } from "vitest";
import { rdsRegion } from "../../../src/connection/database-address.ts";

describe("rdsRegion", () => {
  test.each([
    ["db.c2xw1.eu-west-1.rds.amazonaws.com", "eu-west-1"],
    ["hello.cluster-ro-c2xw1.ap-southeast-3.rds.amazonaws.com", "ap-southeast-3"],
    ["pool.proxy-c2xw1.us-gov-west-1.rds.amazonaws.com", "us-gov-west-1"],
    ["DB.C2XW1.EU-WEST-1.RDS.AMAZONAWS.COM.", "eu-west-1"],
    ["db.example.com", null],
    ["db.eu-west-1.rds.amazonaws.com.example.com", null],
    ["db.c2xw1.rds.cn-north-1.amazonaws.com.cn", null],
    ["127.0.0.1", null],
  ])("of %s is %s", (host, region) => {
    expect(rdsRegion(host)).toBe(region);
  });
});
