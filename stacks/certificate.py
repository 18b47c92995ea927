"""CertificateStack: the site's certificate, in the one region CloudFront takes certificates from."""

from aws_cdk import CrossStackReferences, Environment, ReferenceStrength, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from stacks.config import Domain, StageConfig


class CertificateStack(Stack):
    """Only for a stage with a domain of its own."""

    def __init__(self, scope: Construct, *, stage: StageConfig, domain: Domain) -> None:
        super().__init__(
            scope,
            f"streamtime-{stage.name}-certificate",
            description="StreamTime: the site's certificate",
            env=Environment(region="us-east-1"),
            termination_protection=stage.termination_protection,
        )
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )
        self.certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=domain.name,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        # A strong reference between regions is a custom resource that can't be updated in order.
        CrossStackReferences.of(self.certificate).produce(ReferenceStrength.WEAK)
