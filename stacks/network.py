"""Network: a private dual-stack VPC without NAT, and the one way from functions to the database."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.review import acknowledge

DATABASE_PORT = 5432


class Network(Construct):
    """Functions reach AWS over IPv6, S3 and DynamoDB through free gateways as well; nothing reaches in.

    The one to S3 takes both kinds of addresses. The one to DynamoDB only IPv4: few and small requests, which
    go over IPv6 past it.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.functions = ec2.SubnetSelection(subnet_group_name="Functions")
        self.database = ec2.SubnetSelection(subnet_group_name="Database")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            ip_protocol=ec2.IpProtocol.DUAL_STACK,
            create_internet_gateway=False,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Functions", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
                ec2.SubnetConfiguration(name="Database", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.S3,
                    subnets=[self.functions],
                    ip_address_type=ec2.VpcEndpointIpAddressType.DUALSTACK,
                ),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB, subnets=[self.functions]
                ),
            },
        )
        self.function_group = ec2.SecurityGroup(
            self,
            "FunctionGroup",
            vpc=self.vpc,
            description="Functions: out to AWS over TLS and to the database, nothing in",
            allow_all_outbound=False,
            allow_all_ipv6_outbound=False,
        )
        self.database_group = ec2.SecurityGroup(
            self,
            "DatabaseGroup",
            vpc=self.vpc,
            description="Database: in from functions, nothing out",
            allow_all_outbound=False,
            allow_all_ipv6_outbound=False,
        )
        for anywhere in (ec2.Peer.any_ipv4(), ec2.Peer.any_ipv6()):
            self.function_group.add_egress_rule(anywhere, ec2.Port.HTTPS, "AWS services")
        self.function_group.add_egress_rule(self.database_group, ec2.Port.tcp(DATABASE_PORT), "Database")
        self.database_group.add_ingress_rule(self.function_group, ec2.Port.tcp(DATABASE_PORT), "Functions")
        acknowledge(self.vpc, {"VPC7": "Nothing leads in, only TLS to AWS leads out: nothing for flow logs."})
