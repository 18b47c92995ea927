"""StatefulStack: what would be lost with it."""

from aws_cdk import CfnOutput, Environment, IStackSynthesizer, Stack
from constructs import Construct

from stacks.config import StageConfig
from stacks.data import Data
from stacks.network import Network


class StatefulStack(Stack):
    """Network and data: deployed first, changed seldom, protected in production."""

    def __init__(
        self, scope: Construct, *, stage: StageConfig, synthesizer: IStackSynthesizer | None
    ) -> None:
        super().__init__(
            scope,
            f"streamtime-{stage.name}-stateful",
            description="StreamTime: network, database, media, accounts",
            env=Environment(region=stage.region),
            synthesizer=synthesizer,
            termination_protection=stage.termination_protection,
        )
        self.network = Network(self, "Network", stage=stage) if stage.network else None
        self.data = Data(self, "Data", stage=stage, network=self.network)
        for name, value in {
            "MediaBucketName": self.data.media.bucket_name,
            "UserPoolId": self.data.user_pool.user_pool_id,
            "UserPoolClientId": self.data.user_pool_client.user_pool_client_id,
            "SigningKeyId": self.data.signing_key.key_id,
            "TicketsTableName": self.data.tickets.table_name,
            "LimitsTableName": self.data.limits.table_name,
            "ConnectionsTableName": self.data.connections.table_name,
        }.items():
            CfnOutput(self, name, value=value)
