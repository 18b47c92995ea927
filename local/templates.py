"""A stage's templates, synthesised in this process: no credentials, no layers, no review."""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from local.settings import BIN, ROOT

if TYPE_CHECKING:
    from stacks.config import StageConfig

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource of a template. `path` is its construct's: layer, name and what the CDK puts below."""

    logical_id: str
    kind: str
    path: tuple[str, ...]
    properties: Properties

    @property
    def layer(self) -> str:
        return self.path[0]

    @property
    def name(self) -> str:
        return next(part for part in reversed(self.path) if part not in {"Resource", "Default"})


@dataclass(frozen=True)
class Templates:
    """What a stage is made of, all its stacks together."""

    config: "StageConfig"
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]

    def of(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources.values() if resource.kind == kind]

    def functions(self) -> list[Resource]:
        """Our own, without those that the CDK brings along."""
        return [
            function
            for function in self.of("AWS::Lambda::Function")
            if str(function.properties["Handler"]).startswith("functions.")
        ]

    def named_by(self, value: Any) -> list[Resource]:
        """Return the resources that a value of a template refers to, in whichever stack they are."""
        found = {logical_id: self.resources.get(logical_id) for logical_id in self._ids(value)}
        return [resource for resource in found.values() if resource]

    def _ids(self, value: Any) -> Iterator[str]:
        match value:
            case {"Ref": str(logical_id)} | {"Fn::GetAtt": [str(logical_id), *_]}:
                yield logical_id
            case {"Fn::ImportValue": str(name)} | {"Fn::GetStackOutput": {"OutputName": str(name)}}:
                yield from self._ids(self.outputs[name])
            case {"Fn::Sub": str(text)}:
                yield from re.findall(r"\$\{(\w+)", text)
            case dict():
                for inner in value.values():
                    yield from self._ids(inner)
            case list():
                for inner in value:
                    yield from self._ids(inner)


def synthesise(config: "StageConfig") -> Templates:
    """Synthesise a stage. Its layers are not built, and what ./dev synth reviews is not reviewed again."""
    os.environ.setdefault("JSII_NODE", str(BIN / "node"))
    # The CDK takes seconds to start, which other commands needn't spend.
    from aws_cdk import App  # noqa: PLC0415
    from aws_cdk.assertions import Template  # noqa: PLC0415

    from app import build  # noqa: PLC0415

    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    with tempfile.TemporaryDirectory() as folder:
        app = App(
            analytics_reporting=False,
            context=context | {"aws:cdk:bundling-stacks": [], "aws:cdk:enable-path-metadata": True},
            outdir=folder,
        )
        stacks = build(app, replace(config, review=()))
        return _join(config, [Template.from_stack(stack).to_json() for stack in stacks])


def _join(config: "StageConfig", templates: list[Mapping[str, Any]]) -> Templates:
    resources, outputs = {}, {}
    for template in templates:
        for logical_id, resource in template["Resources"].items():
            if path := resource.get("Metadata", {}).get("aws:cdk:path"):
                _, *below = path.split("/")
                properties = resource.get("Properties", {})
                resources[logical_id] = Resource(logical_id, resource["Type"], tuple(below), properties)
        for name, output in template.get("Outputs", {}).items():
            outputs[output.get("Export", {}).get("Name", name)] = output["Value"]
    return Templates(config, resources, outputs)
