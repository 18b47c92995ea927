"""StatelessStack: what can be deleted and made again."""

from aws_cdk import CfnOutput, Environment, IStackSynthesizer, Stack
from constructs import Construct

from stacks.alarms import StageAlarms
from stacks.config import StageConfig
from stacks.edge import Edge
from stacks.processing import Processing
from stacks.stateful import StatefulStack
from stacks.worldwide import WorldwideStack


class StatelessStack(Stack):
    """Processing and edge: deployed on every change."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: StageConfig,
        stateful: StatefulStack,
        worldwide: WorldwideStack | None,
        synthesizer: IStackSynthesizer | None,
    ) -> None:
        super().__init__(
            scope,
            f"streamtime-{stage.name}-stateless",
            description="StreamTime: processing, APIs, site",
            env=Environment(region=stage.region),
            synthesizer=synthesizer,
        )
        network, data = stateful.network, stateful.data
        processing = Processing(self, "Processing", stage=stage, network=network, data=data)
        edge = Edge(
            self,
            "Edge",
            stage=stage,
            network=network,
            data=data,
            processing=processing,
            worldwide=worldwide,
        )
        if stage.alarms:
            StageAlarms(self, "Alarms", stage=stage, data=data, processing=processing, edge=edge)
        functions = {**edge.functions, **processing.functions}
        for name, value in {
            "SigningKeyPairId": edge.key_pair_id,
            "UpdatesTopicArn": processing.updates.topic_arn,
            "StateMachineArn": processing.machine.state_machine_arn,
            "WatchdogQueueUrl": processing.watchdog.queue_url,
            "WatchdogDeadLetterQueueUrl": processing.watchdog_dead_letters.queue_url,
            "UploadDeadLetterQueueUrl": processing.upload_dead_letters.queue_url,
            "ApiUrl": edge.api_url,
            "LiveUrl": edge.live_url,
            "FunctionNames": self.to_json_string(
                {feature: function.function_name for feature, function in functions.items()}
            ),
            **({"SiteUrl": edge.site_url} if edge.site_url else {}),
        }.items():
            CfnOutput(self, name, value=value)
