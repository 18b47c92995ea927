"""A stage's templates, synthesised without credentials and without building the layers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

import app as cdk_app
from stacks.config import StageConfig
from stacks.review import Finding, Review

CONTEXT = json.loads((Path(cdk_app.__file__).parent / "cdk.json").read_text())["context"]


@dataclass(frozen=True)
class Stage:
    """A synthesised stage: its stacks' templates by their short names, and what review had to say to it."""

    config: StageConfig
    templates: Mapping[str, dict[str, Any]]
    protected: Mapping[str, bool]
    regions: Mapping[str, str]
    findings: Sequence[Finding]

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        return {
            logical_id: resource.get("Properties", {})
            for template in self.templates.values()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str) -> dict[str, Any]:
        (properties,) = self.resources(kind).values()
        return properties

    def ours(self) -> dict[str, dict[str, Any]]:
        """Our functions by handler, without those that the CDK brings along."""
        return {
            function["Handler"]: function
            for function in self.resources("AWS::Lambda::Function").values()
            if function["Handler"].startswith("functions.")
        }


def synthesise(config: StageConfig) -> Stage:
    app = App(context={**CONTEXT, "aws:cdk:bundling-stacks": []}, analytics_reporting=False)
    stacks = {stack.stack_name.rsplit("-", 1)[-1]: stack for stack in cdk_app.build(app, config)}
    return Stage(
        config=config,
        templates={name: Template.from_stack(stack).to_json() for name, stack in stacks.items()},
        protected={name: bool(stack.termination_protection) for name, stack in stacks.items()},
        regions={name: stack.region for name, stack in stacks.items()},
        findings=[*Review(app, config).findings()] if config.host is None else [],
    )
