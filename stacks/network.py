"""Network: a private VPC without NAT, the way from functions to AWS, and the one to the database."""

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.config import MOST_ZONES, StageConfig

DATABASE_PORT = 5432

CALLED = {
    "CognitoIdp": ec2.InterfaceVpcEndpointAwsService.COGNITO_IDP,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Sns": ec2.InterfaceVpcEndpointAwsService.SNS,
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "StepFunctions": ec2.InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
}
"""What functions in the VPC call besides S3 and DynamoDB; Lambda itself delivers their logs and traces."""


class Network(Construct):
    """Functions reach AWS and nothing else; nothing reaches in.

    S3 and DynamoDB have free gateways. The rest is reached over IPv6 through an egress-only gateway, free as
    well, or by an interface endpoint for each service: about 7 USD a month for each of them in each zone.
    Cognito's refuses a user pool that has a domain (ours has none: the sign-in page is our own).
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self.ipv6 = stage.egress == "ipv6"
        self.functions = ec2.SubnetSelection(subnet_group_name="Functions")
        self.database = ec2.SubnetSelection(subnet_group_name="Database")
        self.vpc = self._vpc(stage.zones)
        self.function_group = self._group(
            "FunctionGroup", "Functions: out to AWS over TLS and to the database, nothing in"
        )
        self.database_group = self._group("DatabaseGroup", "Database: in from functions, nothing out")
        # IPv4 has routes to the two gateways only. It can't be left out: CloudFormation takes the migration's
        # answer at an address of S3's that has no IPv6, and the gateways' addresses need a look-up.
        self.function_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "AWS services")
        if self.ipv6:
            self.function_group.add_egress_rule(ec2.Peer.any_ipv6(), ec2.Port.HTTPS, "AWS services")
        else:
            self._endpoints()
        self.function_group.add_egress_rule(self.database_group, ec2.Port.tcp(DATABASE_PORT), "Database")
        self.database_group.add_ingress_rule(self.function_group, ec2.Port.tcp(DATABASE_PORT), "Functions")
        if stage.flow_logs:
            self._flow_logs(stage)

    def _vpc(self, zones: int) -> ec2.Vpc:
        """Take the region's first zones: the CDK alone takes two where it doesn't know the account."""
        outward = ec2.SubnetType.PRIVATE_WITH_EGRESS if self.ipv6 else ec2.SubnetType.PRIVATE_ISOLATED
        return ec2.Vpc(
            self,
            "Vpc",
            availability_zones=[Fn.select(zone, Fn.get_azs()) for zone in range(zones)],
            reserved_azs=MOST_ZONES - zones,  # addresses, so that another zone moves none of the others
            nat_gateways=0,
            ip_protocol=ec2.IpProtocol.DUAL_STACK if self.ipv6 else ec2.IpProtocol.IPV4_ONLY,
            create_internet_gateway=False,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Functions", subnet_type=outward),
                ec2.SubnetConfiguration(name="Database", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
            gateway_endpoints={
                # The one to S3 takes both kinds of addresses. The one to DynamoDB only IPv4: few and small
                # requests, which go over IPv6 past it.
                "S3": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.S3,
                    subnets=[self.functions],
                    ip_address_type=ec2.VpcEndpointIpAddressType.DUALSTACK if self.ipv6 else None,
                ),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB, subnets=[self.functions]
                ),
            },
        )

    def _group(self, construct_id: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self,
            construct_id,
            vpc=self.vpc,
            description=description,
            allow_all_outbound=False,
            allow_all_ipv6_outbound=False,
        )

    def _endpoints(self) -> None:
        """Private DNS gives each service's usual name an address in here, not its dual-stack name."""
        group = self._group("EndpointGroup", "Endpoints of AWS services: in from functions, nothing out")
        group.add_ingress_rule(self.function_group, ec2.Port.HTTPS, "Functions")
        for name, service in CALLED.items():
            ec2.InterfaceVpcEndpoint(
                self,
                name,
                vpc=self.vpc,
                service=service,
                subnets=self.functions,
                security_groups=[group],
                open=False,  # else the whole VPC may come in
                private_dns_enabled=True,
            )

    def _flow_logs(self, stage: StageConfig) -> None:
        group = logs.LogGroup(
            self, "FlowLogs", retention=stage.log_retention, removal_policy=stage.removal_policy
        )
        self.vpc.add_flow_log("Flows", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group))
