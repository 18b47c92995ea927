"""The CDK app: builds the stage that `-c stage=` names."""

from dataclasses import fields, replace

from aws_cdk import App, CliCredentialsStackSynthesizer, Validations

from stacks.config import STAGES, ConfigurationError, Host, StageConfig
from stacks.review import Review
from stacks.stateful import StatefulStack
from stacks.stateless import StatelessStack
from stacks.worldwide import WorldwideStack


def stage_of(app: App) -> StageConfig:
    """Return the stage the context names; a stage with a host of its own learns about it here."""
    name = app.node.try_get_context("stage")
    if name not in STAGES:
        raise ConfigurationError(f"-c stage={name or ''}: expected one of {', '.join(STAGES)}")
    stage = STAGES[name]
    if stage.host is None:
        return stage
    given = {field.name: app.node.try_get_context(field.name) for field in fields(Host)}
    return replace(stage, host=replace(stage.host, **{key: value for key, value in given.items() if value}))


def build(app: App, stage: StageConfig) -> list[StatefulStack | StatelessStack | WorldwideStack]:
    """Make the stage's stacks, in the order in which they are deployed."""
    # An emulator knows no roles to publish with: there the caller's own credentials do.
    synthesizer = CliCredentialsStackSynthesizer() if stage.host else None
    if stage.host is None:
        Validations.of(app).add_plugins(Review(app, stage))
    worldwide = WorldwideStack(app, stage=stage) if stage.domain or stage.waf else None
    stateful = StatefulStack(app, stage=stage, synthesizer=synthesizer)
    stateless = StatelessStack(
        app,
        stage=stage,
        stateful=stateful,
        worldwide=worldwide,
        synthesizer=synthesizer,
    )
    return [stack for stack in (worldwide, stateful, stateless) if stack]


if __name__ == "__main__":
    app = App()
    build(app, stage_of(app))
    app.synth()
