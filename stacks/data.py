"""Data: PostgreSQL, the media bucket, the user pool, the signing keys and the tables of live sockets."""

from typing import cast

from aws_cdk import CrossStackReferences, Duration, ReferenceStrength, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.config import Database, StageConfig
from stacks.network import DATABASE_PORT, Network

DATABASE_NAME = "streamtime"
DATABASE_USER = "streamtime"
"""Signs in with an IAM token; the migration makes it, with the master's secret."""


class Data(Construct):
    """What must not be lost."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: StageConfig, network: Network | None
    ) -> None:
        super().__init__(scope, construct_id)
        self.cluster = self._cluster(stage.database, stage, network) if stage.database and network else None
        self.database_environment = self._database_environment(stage)
        self.media = self._media(stage)
        self.user_pool = self._user_pool(stage)
        self.user_pool_client = self._user_pool_client()
        self.signing_keys = {version: self._signing_key(version, stage) for version in stage.signing_keys}
        self.tickets = self._table("Tickets", key="token_hash")
        self.connections = self._table("Connections", key="connection_id")
        self.limits = self._table("Limits", key="subject")
        self.connections.add_global_secondary_index(
            index_name="by-user",
            partition_key=dynamodb.Attribute(name="user_id", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    @property
    def signing_key(self) -> kms.Key:
        """The key that signs; the others only verify what they signed, or wait for their turn."""
        return next(iter(self.signing_keys.values()))

    @property
    def database_secret(self) -> secretsmanager.ISecret | None:
        """The master's password, for the migration alone; None where the database comes from outside."""
        return self.cluster.secret if self.cluster else None

    def grant_connect(self, function: lambda_.IFunction) -> None:
        """Let a function sign in to the database as the application."""
        if self.cluster:
            self.cluster.grant_connect(function, DATABASE_USER)

    def _cluster(self, database: Database, stage: StageConfig, network: Network) -> rds.DatabaseCluster:
        cluster = rds.DatabaseCluster(
            self,
            "Database",
            engine=rds.DatabaseClusterEngine.aurora_postgres(
                version=rds.AuroraPostgresEngineVersion.VER_17_7
            ),
            writer=rds.ClusterInstance.serverless_v2("Writer", auto_minor_version_upgrade=True),
            serverless_v2_min_capacity=database.min_capacity,
            serverless_v2_max_capacity=database.max_capacity,
            serverless_v2_auto_pause_duration=(Duration.minutes(5) if database.min_capacity == 0 else None),
            vpc=network.vpc,
            vpc_subnets=network.database,
            security_groups=[network.database_group],
            network_type=rds.NetworkType.IPV4,
            port=DATABASE_PORT,
            default_database_name=DATABASE_NAME,
            credentials=rds.Credentials.from_username("postgres"),
            manage_master_user_password=True,
            iam_authentication=True,
            storage_encrypted=True,
            # UTC, and apart from the daily sweep's time, which wakes a database that may pause.
            backup=rds.BackupProps(
                retention=Duration.days(database.backup_days), preferred_window="01:00-02:00"
            ),
            preferred_maintenance_window="sun:04:00-sun:05:00",
            copy_tags_to_snapshot=True,
            deletion_protection=stage.termination_protection,
            removal_policy=(
                RemovalPolicy.SNAPSHOT
                if stage.removal_policy is RemovalPolicy.DESTROY
                else stage.removal_policy
            ),
        )
        # A strong reference would forbid to put a restored database in its place.
        CrossStackReferences.of(cluster).produce(ReferenceStrength.WEAK)
        if database.snapshot:
            restored = cast("rds.CfnDBCluster", cluster.node.default_child)
            restored.snapshot_identifier = database.snapshot
            restored.master_username = None  # comes with it
        return cluster

    def _database_environment(self, stage: StageConfig) -> dict[str, str]:
        if stage.host:
            return {"DATABASE_URL": stage.host.database_url, "DATABASE_IAM_AUTH": "false"}
        if self.cluster is None:
            raise ValueError("a stage without a host needs a network and a database")
        host = self.cluster.cluster_endpoint.hostname
        return {
            "DATABASE_URL": f"postgresql+psycopg://{DATABASE_USER}@{host}:{DATABASE_PORT}/{DATABASE_NAME}",
            "DATABASE_IAM_AUTH": "true",
        }

    def _media(self, stage: StageConfig) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Media",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=stage.removal_policy,
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.PUT],
                    allowed_origins=stage.browser_origins,
                    allowed_headers=["*"],
                    exposed_headers=["ETag"],
                    max_age=3600,
                )
            ],
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="AbortIncompleteUploads", abort_incomplete_multipart_upload_after=Duration.days(7)
                ),
                s3.LifecycleRule(id="DropWork", prefix="work/", expiration=Duration.days(7)),
                s3.LifecycleRule(id="DropExports", prefix="exports/", expiration=Duration.days(2)),
                s3.LifecycleRule(
                    id="ArchiveOriginals",
                    prefix="source/",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                            transition_after=Duration.days(stage.archive_days),
                        )
                    ],
                ),
            ],
        )
        # The L2 property would add a custom resource and its function for this one setting.
        bucket.node.default_child.add_property_override(  # type: ignore[union-attr]
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True
        )
        if stage.cdn:
            distributions = bucket.stack.format_arn(
                service="cloudfront", region="", resource="distribution", resource_name="*"
            )
            bucket.add_to_resource_policy(
                # Naming the one distribution would tie this stack to the one above it, which ties back.
                iam.PolicyStatement(
                    sid="ReadByOurDistributions",
                    principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                    actions=["s3:GetObject"],
                    resources=[bucket.arn_for_objects("media/*")],
                    conditions={
                        "StringEquals": {"AWS:SourceAccount": bucket.stack.account},
                        "ArnLike": {"AWS:SourceArn": distributions},
                    },
                )
            )
        return bucket

    def _user_pool(self, stage: StageConfig) -> cognito.UserPool:
        return cognito.UserPool(
            self,
            "UserPool",
            self_sign_up_enabled=True,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True),
                fullname=cognito.StandardAttribute(required=False, mutable=True),
            ),
            password_policy=cognito.PasswordPolicy(
                min_length=10,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=False,
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            # A text message can be taken over with the number, and costs.
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            # Until the new address has answered, the old one signs in and gets the codes.
            keep_original=cognito.KeepOriginalAttrs(email=True),
            email=self._email(stage),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            deletion_protection=stage.termination_protection,
            removal_policy=stage.removal_policy,
        )

    def _email(self, stage: StageConfig) -> cognito.UserPoolEmail:
        """Send codes as the drive's own domain; Cognito gives itself the role to do so in this account."""
        sender = stage.email_sender
        if not sender:
            return cognito.UserPoolEmail.with_cognito()
        return cognito.UserPoolEmail.with_ses(
            from_email=sender,
            from_name="StreamTime",
            ses_region=stage.region,
            ses_verified_domain=sender.partition("@")[2],
        )

    def _user_pool_client(self) -> cognito.UserPoolClient:
        """Let the API check a password, and nothing else: tokens are read once and live as short as they can.

        Rotation is on because without it Cognito insists on the flow that renews tokens.
        """
        return self.user_pool.add_client(
            "Api",
            auth_flows=cognito.AuthFlow(admin_user_password=True),
            disable_o_auth=True,
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            auth_session_validity=Duration.minutes(5),
            access_token_validity=Duration.minutes(5),
            id_token_validity=Duration.minutes(5),
            refresh_token_validity=Duration.minutes(60),
            refresh_token_rotation_grace_period=Duration.seconds(0),
        )

    def _signing_key(self, version: int, stage: StageConfig) -> kms.Key:
        key = kms.Key(
            self,
            "SigningKey" if version == 1 else f"SigningKey{version}",
            description=f"Signs what may be played: version {version}",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=stage.removal_policy,
        )
        # A strong reference would keep a version in this stack for as long as the stack above names it.
        CrossStackReferences.of(key).produce(ReferenceStrength.WEAK)
        return key

    def _table(self, name: str, *, key: str) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.DESTROY,
        )
