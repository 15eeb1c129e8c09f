// Parameters that somebody would deploy with; tests of the templates go through all of them.

type Parameters = Readonly<Record<string, string>>;

/** The least. */
export const PLAIN: Parameters = {
  CodeBucket: "code-bucket",
  Release: "r1",
  DatabaseSecretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hellojohn/database-AbCdEf",
};

const PIPELINE: Parameters = {
  CodeBucket: "code-bucket",
  Release: "r1",
  CodeSha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  DatabaseSecretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!cluster-1234-AbCdEf",
  DatabaseSecretKey: "url",
  DatabaseHost: "cluster.example.eu-west-1.rds.amazonaws.com",
  DatabasePort: "6432",
  DatabaseName: "hellojohn",
  DatabaseUser: "owner",
  HookCommand: '{"command":"run","timeout":"10m"}',
  VpcId: "vpc-0123456789abcdef0",
  SubnetIds: "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
  DatabaseCidr: "10.0.0.0/16",
  CodePipeline: "true",
  ReservedConcurrency: "2",
  AlarmTopicArn: "arn:aws:sns:eu-west-1:111122223333:pager",
  StatusSchedule: "",
};

/** All that the template can make. */
export const EVERYTHING: Parameters = {
  CodeBucket: "code-bucket",
  Release: "r1",
  Runtime: "nodejs22.x",
  DatabaseSecretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hellojohn/database-AbCdEf",
  SecretKmsKeyArn: "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012",
  VpcId: "vpc-0123456789abcdef0",
  SubnetIds: "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
  DatabaseSecurityGroupId: "sg-0123456789abcdef0",
  EndpointClientCidr: "10.0.0.0/16",
  SecretsManagerEndpoint: "true",
  CodeDeployEndpoint: "true",
  CodePipelineEndpoint: "true",
  LambdaEndpoint: "true",
  S3EndpointRouteTableIds: "rtb-0123456789abcdef0",
  CodeDeployApplication: "hellojohn",
  CodeDeployDeploymentGroup: "production",
  CodePipeline: "true",
  CustomResource: "true",
  AlarmTopicArn: "arn:aws:sns:eu-west-1:111122223333:pager",
};

export const IAM: Parameters = {
  CodeBucket: "code-bucket",
  Release: "r1",
  DatabaseAuth: "iam",
  DatabaseResourceId: "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  DatabaseHost: "cluster.example.eu-west-1.rds.amazonaws.com",
  DatabaseName: "hellojohn",
  DatabaseUser: "hj_migrations",
};

/** Of the function's template, each accepted by its rules. */
export const PARAMETER_SETS: Readonly<Record<string, Parameters>> = {
  "outside of a VPC, with a secret": PLAIN,
  "in a VPC with a NAT gateway, for a pipeline": PIPELINE,
  "in a closed VPC, with everything": EVERYTHING,
  "with IAM authentication": IAM,
};

const ALIAS_ARN = "arn:aws:lambda:eu-west-1:111122223333:function:CodeDeployHook_hellojohn-migrations:live";
const LISTENER_ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/hellojohn/1234/5678";

/** Of the examples, by file. */
export const EXAMPLE_PARAMETERS: Readonly<Record<string, Parameters>> = {
  "codedeploy-ecs.yaml": {
    Cluster: "cluster",
    Service: "hellojohn",
    ListenerArn: LISTENER_ARN,
    BlueTargetGroup: "blue",
    GreenTargetGroup: "green",
    AlarmName: "hellojohn-errors",
  },
  "custom-resource.yaml": { MigrationAliasArn: ALIAS_ARN, ManifestHash: "0".repeat(64), Version: "1.0.0" },
  "ecs-blue-green.yaml": {
    MigrationAliasArn: ALIAS_ARN,
    Image: "hellojohn:1",
    Cluster: "cluster",
    ListenerArn: LISTENER_ARN,
    VpcId: "vpc-0123456789abcdef0",
    SubnetIds: "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    SecurityGroupId: "sg-0123456789abcdef0",
    ExecutionRoleArn: "arn:aws:iam::111122223333:role/execution",
    InfrastructureRoleArn: "arn:aws:iam::111122223333:role/infrastructure",
  },
  "pipeline.yaml": {
    ArtifactBucket: "artifacts",
    Cluster: "cluster",
    Service: "hellojohn",
    TaskRoleArn: "arn:aws:iam::111122223333:role/task",
  },
  "step-functions.yaml": { MigrationAliasArn: ALIAS_ARN },
};
