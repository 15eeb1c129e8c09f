// A token that stands in for a password: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
// Only a dynamic import may load this file: few need the signer.
import { Signer } from "@aws-sdk/rds-signer";
import { tokenFailure } from "./aws-failure.ts";
import type { DatabaseAddress } from "./database-address.ts";
import type { AwsSettings } from "./settings.ts";

/** Signed in this process, without a call to RDS; good for 15 minutes, for one opening of a connection. */
export async function signToken({ host, port, user }: DatabaseAddress, aws: AwsSettings): Promise<string> {
  const { region, profile } = aws;
  try {
    const signer = new Signer({
      hostname: host,
      port,
      username: user,
      ...(region && { region }),
      ...(profile && { profile }),
    });
    return await signer.getAuthToken();
  } catch (error) {
    throw tokenFailure(error);
  }
}
