"""Pictures and tables of the system, drawn from a stage's templates: every arrow is a line of a template.

The pictures are Mermaid's flowcharts, which GitHub draws where the page is read.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.markdown import mermaid, table
from local.templates import Resource, Templates

SHAPES = {
    "AWS::CloudFront::Distribution": ("CloudFront", "([{}])"),
    "AWS::WAFv2::WebACL": ("web ACL", "([{}])"),
    "AWS::ApiGatewayV2::Api": ("{protocol} API", "([{}])"),
    "AWS::Lambda::Function": ("function", "[{}]"),
    "AWS::StepFunctions::StateMachine": ("Step Functions", "[[{}]]"),
    "AWS::Events::Rule": ("EventBridge rule", "{{{{{}}}}}"),
    "AWS::Scheduler::Schedule": ("schedule", "{{{{{}}}}}"),
    "AWS::SNS::Topic": ("SNS topic", "[/{}/]"),
    "AWS::SQS::Queue": ("SQS queue", "[/{}/]"),
    "AWS::RDS::DBCluster": ("Aurora PostgreSQL", "[({})]"),
    "AWS::S3::Bucket": ("S3 bucket", "[({})]"),
    "AWS::DynamoDB::Table": ("DynamoDB table", "[({})]"),
    "AWS::Cognito::UserPool": ("Cognito user pool", "[({})]"),
    "AWS::KMS::Key": ("KMS key", "[({})]"),
    "AWS::SecretsManager::Secret": ("secret", "[({})]"),
}
"""What is drawn: its words, its shape. The rest of a template (roles, policies, logs …) is in the arrows."""

PROTOCOLS = {"HTTP": "HTTP", "WEBSOCKET": "WebSocket"}

VERBS = {
    "Get": "reads",
    "List": "reads",
    "Query": "reads",
    "Describe": "reads",
    "Head": "reads",
    "Receive": "reads",
    "Put": "writes",
    "Update": "writes",
    "Delete": "deletes",
    "Publish": "publishes",
    "Send": "sends",
    "Start": "starts",
    "Stop": "stops",
    "Sign": "signs with",
    "connect": "SQL",
    "Manage": "sends",
}
"""What an IAM action is called on an arrow, by how it begins; the table of permissions has them whole."""

QUIET = ("Abort", "ChangeMessageVisibility", "DeleteMessage", "GetQueue", "DescribeSecret", "Receive")
"""Actions that only come along with others."""

BEHIND_CODE = ("logs:", "xray:", "ec2:")
"""What Lambda itself does in a function's name."""

BROWSER, DEPLOYMENT = "browser", "deployment"


@dataclass(frozen=True, order=True)
class Arrow:
    source: str
    target: str
    label: str


class System:
    """A stage as nodes and arrows between them."""

    def __init__(self, stage: Templates) -> None:
        self.stage = stage
        self._letters = {queue.logical_id for queue in self._dead_letter_queues()}
        self.nodes = {
            resource.logical_id: resource
            for resource in [
                *(it for kind in SHAPES if "Lambda" not in kind for it in stage.of(kind)),
                *stage.functions(),
            ]
            if resource.logical_id not in self._letters
        }
        self.arrows = sorted({arrow for arrow in self._all_arrows() if arrow.source != arrow.target})

    def layer(self, node: str) -> str:
        """Return where a node is drawn; what a browser does itself is the edge's too."""
        if node == BROWSER:
            return "Edge"
        return self.nodes[node].layer if node in self.nodes else ""

    # Where arrows come from

    def _all_arrows(self) -> Iterator[Arrow]:
        yield from self._edge()
        yield from self._apis()
        yield from self._events()
        yield from self._machines()
        yield from self._permissions()
        yield from self._deployment()

    def _edge(self) -> Iterator[Arrow]:
        for cdn in self.stage.of("AWS::CloudFront::Distribution"):
            config = cdn.properties["DistributionConfig"]
            yield Arrow(BROWSER, cdn.logical_id, "HTTPS")
            origins = {origin["Id"]: origin["DomainName"] for origin in config["Origins"]}
            paths = defaultdict(list)
            for behavior in [
                {"PathPattern": "/"} | config["DefaultCacheBehavior"],
                *config["CacheBehaviors"],
            ]:
                paths[behavior["TargetOriginId"]].append(behavior["PathPattern"])
            for origin, patterns in paths.items():
                yield from self._to(cdn, origins[origin], ", ".join(patterns))
        for bucket in self.stage.of("AWS::S3::Bucket"):
            for rule in bucket.properties.get("CorsConfiguration", {}).get("CorsRules", []):
                yield Arrow(BROWSER, bucket.logical_id, f"{', '.join(rule['AllowedMethods'])} of parts")

    def _apis(self) -> Iterator[Arrow]:
        routes = defaultdict(list)
        for route in self.stage.of("AWS::ApiGatewayV2::Route"):
            for integration in self._named(route.properties["Target"]):
                routes[integration.logical_id].append(route.properties["RouteKey"])
        for integration in self.stage.of("AWS::ApiGatewayV2::Integration"):
            for api in self._named(integration.properties["ApiId"]):
                kind = api.properties["ProtocolType"]
                label = "messages" if kind == "WEBSOCKET" else "requests"
                yield from self._to(api, integration.properties["IntegrationUri"], label)

    def _events(self) -> Iterator[Arrow]:
        for rule in self.stage.of("AWS::Events::Rule"):
            pattern = rule.properties.get("EventPattern", {})
            for source in self._nodes_in(pattern.get("detail", {})):
                said = pattern["detail"].get("status") or pattern["detail-type"]
                yield Arrow(source.logical_id, rule.logical_id, ", ".join(said).lower().replace("_", " "))
            for target in rule.properties["Targets"]:
                yield from self._to(rule, target["Arn"], "starts")
        for schedule in self.stage.of("AWS::Scheduler::Schedule"):
            yield from self._to(schedule, schedule.properties["Target"]["Arn"], "starts")
        for mapping in self.stage.of("AWS::Lambda::EventSourceMapping"):
            for source in self._named(mapping.properties["EventSourceArn"]):
                yield from self._to(source, mapping.properties["FunctionName"], "messages")
        for subscription in self.stage.of("AWS::SNS::Subscription"):
            for topic in self._named(subscription.properties["TopicArn"]):
                yield from self._to(topic, subscription.properties["Endpoint"], "messages")

    def _machines(self) -> Iterator[Arrow]:
        for machine in self.stage.of("AWS::StepFunctions::StateMachine"):
            yield from self._to(machine, machine.properties["DefinitionString"], "runs")

    def _permissions(self) -> Iterator[Arrow]:
        for function in self.stage.functions():
            verbs: dict[str, set[str]] = defaultdict(set)
            for actions, resource in permissions(self.stage, function):
                for node in self._nodes_in(resource):
                    verbs[node.logical_id] |= {_verb(action) for action in actions if not _is_quiet(action)}
            for target, said in verbs.items():
                if said:
                    order = [*dict.fromkeys(VERBS.values()), "reads the secret", "uses"]
                    yield Arrow(function.logical_id, target, ", ".join(sorted(said, key=order.index)))

    def _deployment(self) -> Iterator[Arrow]:
        for resource in self.stage.resources.values():
            for function in self._nodes_in(resource.properties.get("ServiceToken")):
                yield Arrow(DEPLOYMENT, function.logical_id, "runs")

    # What values name

    def _to(self, source: Resource, target: Any, label: str) -> Iterator[Arrow]:
        for node in self._nodes_in(target):
            yield Arrow(source.logical_id, node.logical_id, label)

    def _nodes_in(self, value: Any) -> list[Resource]:
        return [found for found in self._named(value) if found.logical_id in self.nodes]

    def _named(self, value: Any) -> Iterator[Resource]:
        """Yield what a value names; an alias or a version of a function is the function."""
        for found in self.stage.named_by(value):
            if found.kind in {"AWS::Lambda::Alias", "AWS::Lambda::Version"}:
                yield from self._named(found.properties["FunctionName"])
            else:
                yield found

    def _dead_letter_queues(self) -> Iterator[Resource]:
        for _, queue in dead_letters(self.stage):
            yield queue


def permissions(stage: Templates, function: Resource) -> Iterator[tuple[list[str], Any]]:
    """Yield what a function's role allows: actions, and the one resource they are allowed on."""
    (role,) = stage.named_by(function.properties["Role"])
    for policy in stage.of("AWS::IAM::Policy"):
        if role not in stage.named_by(policy.properties["Roles"]):
            continue
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            actions = [it for it in _listed(statement["Action"]) if not it.startswith(BEHIND_CODE)]
            if statement["Effect"] == "Allow" and actions:
                for resource in _listed(statement["Resource"]):
                    yield actions, resource


def dead_letters(stage: Templates) -> Iterator[tuple[Resource, Resource]]:
    """Yield who gives up messages, and the queue that keeps them."""
    for resource in stage.resources.values():
        for _, queue in _find(
            resource.properties, {"DeadLetterConfig", "RedrivePolicy", "deadLetterTargetArn"}
        ):
            for found in stage.named_by(queue):
                if found.kind == "AWS::SQS::Queue" and found is not resource:
                    yield resource, found


def _find(value: Any, names: set[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in names:
                yield name, inner
            else:
                yield from _find(inner, names)
    elif isinstance(value, list):
        for inner in value:
            yield from _find(inner, names)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_quiet(action: str) -> bool:
    return action.partition(":")[2].startswith(QUIET) and action != "secretsmanager:GetSecretValue"


def _verb(action: str) -> str:
    service, _, name = action.partition(":")
    if service == "secretsmanager":
        return "reads the secret"
    return next((verb for beginning, verb in VERBS.items() if name.startswith(beginning)), "uses")


def layer_diagram(stage: Templates, layer: str) -> str:
    """Draw a layer with whatever its arrows lead to; functions that have the same arrows share a box."""
    system = System(stage)
    arrows = [it for it in system.arrows if layer in {system.layer(it.source), system.layer(it.target)}]
    box_of = _boxes(system, arrows)
    boxes = defaultdict(list)
    for box, members in _members(box_of).items():
        boxes[system.layer(box)].append([system.nodes[it] for it in members])
    lines = ["flowchart TD"]
    for end, words in ((BROWSER, "Browser"), (DEPLOYMENT, "each deployment")):
        if any(arrow.source == end for arrow in arrows):
            lines.append(f'  {end}(["{words}"])')
    for name, inside in boxes.items():
        lines += [f"  subgraph {name}", *(f"    {_id(nodes[0])}{_shape(nodes)}" for nodes in inside), "  end"]
    ids = {node: _id(system.nodes[box]) for node, box in box_of.items()}
    drawn = {
        f'  {ids.get(it.source, it.source)} -->|"{it.label}"| {ids.get(it.target, it.target)}': None
        for it in arrows
    }
    network = [ids[box] for box in _members(box_of) if "VpcConfig" in system.nodes[box].properties]
    thick = ["  classDef network stroke-width:4px", f"  class {','.join(network)} network"] if network else []
    return "\n".join([*lines, *drawn, *thick])


def _id(resource: Resource) -> str:
    """Name a box by its construct: logical ids change with a path that nobody sees."""
    return re.sub(r"\W", "", "".join(part for part in resource.path if part != "Resource"))


def _boxes(system: System, arrows: Sequence[Arrow]) -> dict[str, str]:
    """Return the box of each node that has an arrow: the first of the functions that have the same ones."""
    boxes: dict[Any, str] = {}
    box_of = {}
    for name, node in system.nodes.items():
        own = frozenset(
            (it.source == name, it.target if it.source == name else it.source, it.label)
            for it in arrows
            if name in {it.source, it.target}
        )
        if own:
            alike = own if node.kind == "AWS::Lambda::Function" else name
            box_of[name] = boxes.setdefault(alike, name)
    return box_of


def _members(box_of: Mapping[str, str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for name, box in box_of.items():
        members.setdefault(box, []).append(name)
    return members


def _shape(nodes: Sequence[Resource]) -> str:
    words, shape = SHAPES[nodes[0].kind]
    names = " · ".join(node.name for node in nodes)
    protocol = PROTOCOLS.get(nodes[0].properties.get("ProtocolType", ""), "")
    kind = words.format(protocol=protocol) + ("s" if len(nodes) > 1 else "")
    return shape.format(f'"<b>{names}</b><br/>{kind}"')


def machine_diagram(stage: Templates) -> str:
    """Draw the state machine: solid arrows where it goes on, dotted ones where a failure goes."""
    (machine,) = stage.of("AWS::StepFunctions::StateMachine")
    return "\n".join(["flowchart TD", *_states(definition(stage, machine), "  ")])


def definition(stage: Templates, machine: Resource) -> dict[str, Any]:
    """Return the machine in Amazon's States Language, with functions by their names."""
    text = machine.properties["DefinitionString"]
    parts = text["Fn::Join"][1] if isinstance(text, Mapping) else [text]
    names = (part if isinstance(part, str) else stage.named_by(part)[0].name for part in parts)
    made: dict[str, Any] = json.loads("".join(names))
    return made


def _states(machine: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, state in machine["States"].items():
        branches = state.get("Branches") or [state[it] for it in ("ItemProcessor", "Iterator") if it in state]
        if branches:
            each = f", each of {state['ItemsPath'].rpartition('.')[2]}" if "ItemsPath" in state else ""
            most = f", {state['MaxConcurrency']} at once" if "MaxConcurrency" in state else ""
            yield f'{indent}subgraph {name}["{name}: {state["Type"]}{each}{most}"]'
            for branch in branches:
                yield from _states(branch, indent + "  ")
            yield f"{indent}end"
        else:
            yield f"{indent}{name}{_state_shape(name, state)}"
    for name, state in machine["States"].items():
        for choice in state.get("Choices", []):
            yield f'{indent}{name} -->|"{_condition(choice)}"| {choice["Next"]}'
        if "Default" in state:
            yield f"{indent}{name} -->|else| {state['Default']}"
        if "Next" in state:
            yield f"{indent}{name} --> {state['Next']}"
        for catch in state.get("Catch", []):
            yield f"{indent}{name} -.-> {catch['Next']}"


def _state_shape(name: str, state: Mapping[str, Any]) -> str:
    match state["Type"]:
        case "Task":
            action = state.get("Parameters", {}).get("action")
            return f'["<b>{name}</b><br/>{state["Resource"].lower()}{f": {action}" if action else ""}"]'
        case "Choice":
            return f'{{"{name}?"}}'
        case _:
            return f'(["{name}"])'


def _condition(choice: Mapping[str, Any]) -> str:
    """Name what is looked at, the path of the first variable, and the word it is compared with."""
    path = str(next(_find(choice, {"Variable"}))[1]).removeprefix("$.")
    words = [word for _, word in _find(choice, {"StringEquals"})]
    return " = ".join([path, *words])


def sections(stage: Templates) -> dict[str, str]:
    """Write the generated parts of docs/architecture.md, by their names."""
    return {
        "edge": mermaid(layer_diagram(stage, "Edge")),
        "processing": mermaid(layer_diagram(stage, "Processing")),
        "machine": mermaid(machine_diagram(stage)),
        "functions": _function_table(stage),
        "dead letters": table(
            ["who gives up", "where its messages wait"],
            [[_named(giver), queue.name] for giver, queue in dead_letters(stage)],
        ),
    }


def _named(resource: Resource) -> str:
    return f"{resource.name} ({resource.kind.rpartition(':')[2]})"


def _function_table(stage: Templates) -> str:
    rows = []
    for function in stage.functions():
        given = function.properties
        rights: dict[str, list[str]] = defaultdict(list)
        for actions, resource in permissions(stage, function):
            rights[", ".join(sorted(actions))].append(_where(stage, resource))
        rows.append(
            [
                f"**{function.name}**<br/>`{given['Handler']}`",
                f"{given['MemorySize']} MB, {given['Timeout']} s" + (", VPC" if "VpcConfig" in given else ""),
                "<br/>".join(f"{actions}: {', '.join(where)}" for actions, where in rights.items()),
            ]
        )
    return table(["function", "memory, time limit", "what its role allows"], rows)


def _where(stage: Templates, resource: Any) -> str:
    """Name a permission's resource, with the objects or the index it is narrowed to."""
    names = ", ".join(found.name for found in stage.named_by(resource)) or "*"
    last = resource["Fn::Join"][1][-1] if isinstance(resource, Mapping) and "Fn::Join" in resource else ""
    return f"{names} `{last.lstrip('/')}`" if isinstance(last, str) and last.startswith("/") else names
