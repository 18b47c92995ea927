"""What a stage costs: quantities of its templates, prices of docs/prices.toml, arithmetic between them."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from local.diagram import definition
from local.markdown import table
from local.templates import Templates, synthesise
from stacks.prices import ENCODE_CPU, PRICES, VCPU_GB

if TYPE_CHECKING:
    from stacks.config import StageConfig

HOURS, DAYS = 730, Fraction(730, 24)  # of a month
SECONDS = HOURS * 3600
POLLERS, POLLS_AN_HOUR = 5, 180  # Lambda asks an idle queue five times in parallel, each time for 20 s


def _assumed(default: float, unit: str, why: str) -> Any:
    return field(default=default, metadata={"unit": unit, "why": why})


@dataclass(frozen=True)
class Assumptions:
    """What nobody's template knows. Each stands on the page with its unit and its reason."""

    uploads: int = _assumed(1000, "videos", "the table's own measure")
    minutes: float = _assumed(5, "minutes a video", "a phone's clip, more often than a film")
    rate: int = _assumed(30, "frames a second", "of a phone")
    original_mb: float = _assumed(300, "MB a video", "8 Mbit/s, 1080 lines")
    renditions_mb: float = _assumed(375, "MB a video", "four rungs and sound at 10 Mbit/s together")
    encode_cpu: float = _assumed(
        ENCODE_CPU, "CPU seconds a second of video", "measured on one x86 core, hard content; not on Lambda"
    )
    start_seconds: float = _assumed(3, "seconds a chunk", "starting ffmpeg, reading the index, storing")
    step_seconds: float = _assumed(5, "seconds", "each of the other steps outside the database; not measured")
    call_seconds: float = _assumed(0.15, "seconds", "a call of api or records; not measured")
    calls: int = _assumed(12, "API requests a video", "start, sign, complete, look")
    awake_minutes: float = _assumed(
        8, "minutes a video", "the database, if every upload comes when it is asleep"
    )
    metrics: int = _assumed(10, "metrics", "names functions count under, if something happens in every hour")
    hours: int = _assumed(1000, "hours watched", "the table's own measure")
    watched_mbit: float = _assumed(3.5, "Mbit/s watched", "a mix of 1080 and 720 lines")
    renewals: float = _assumed(0.6, "of a grant's life", "when the player renews it")
    database_gb: float = _assumed(1, "GB", "the rows of ten thousands of videos")
    idle_log_gb: float = _assumed(0.1, "GB a month", "flow logs of a VPC in which nothing happens")
    request_log_kb: float = _assumed(2, "kB", "access log and function log of one request")


GIVEN = Assumptions()


@dataclass(frozen=True)
class Price:
    """A price of docs/prices.toml; `usd` for one `unit`, the first `free` of each month cost nothing."""

    usd: float
    unit: str
    region: str
    as_of: date
    source: str
    free: float = 0


@dataclass(frozen=True)
class Line:
    """So many of something that has a price."""

    what: str
    quantity: float
    price: Price

    @property
    def list_usd(self) -> float:
        return self.quantity * self.price.usd


def load() -> dict[str, Price]:
    return {name: Price(**price) for name, price in tomllib.loads(PRICES.read_text()).items()}


def total(lines: Sequence[Line]) -> float:
    """Return what is left to pay after what everybody has free of each price, once a month."""
    quantities: dict[int, float] = defaultdict(float)
    for line in lines:
        quantities[id(line.price)] += line.quantity
    prices = {id(line.price): line.price for line in lines}
    return sum(max(0, quantities[key] - price.free) * price.usd for key, price in prices.items())


def idle(stage: Templates, prices: Mapping[str, Price]) -> list[Line]:
    """Return what a month costs in which nobody does anything."""
    config = stage.config
    mappings = stage.of("AWS::Lambda::EventSourceMapping")
    endpoints = [it for it in stage.of("AWS::EC2::VPCEndpoint") if it.properties.get("SubnetIds")]
    clusters = [it.properties for it in stage.of("AWS::RDS::DBCluster")]
    acls = stage.of("AWS::WAFv2::WebACL")
    found = {
        "Database at its floor": (_floor(stage) * HOURS, "aurora_acu_hour"),
        "Database woken by the daily sweep": (_wakes(stage), "aurora_acu_hour"),
        "Database storage": (GIVEN.database_gb * len(clusters), "aurora_gb_month"),
        "Keys": (len(stage.of("AWS::KMS::Key")), "kms_key_month"),
        "Secrets": (
            len(stage.of("AWS::SecretsManager::Secret"))
            + sum(bool(it.get("ManageMasterUserPassword")) for it in clusters),
            "secret_month",
        ),
        "SnapStart": (SECONDS * _snapshot_gb(stage), "snapshot_gb_second"),
        "Interface endpoints": (
            HOURS * sum(len(it.properties["SubnetIds"]) for it in endpoints),
            "endpoint_hour",
        ),
        "Queue asked for messages": (len(mappings) * POLLERS * POLLS_AN_HOUR * HOURS, "queue_request"),
        "Alarms": (len(stage.of("AWS::CloudWatch::Alarm")), "alarm_month"),
        "Dashboard": (len(stage.of("AWS::CloudWatch::Dashboard")), "dashboard_month"),
        "Flow logs": (GIVEN.idle_log_gb * len(stage.of("AWS::EC2::FlowLog")), "log_gb"),
        "Web ACL": (len(acls), "waf_month"),
        "Its rules": (sum(len(it.properties.get("Rules", [])) for it in acls), "waf_rule_month"),
        "Hosted zone": (1 if config.domain else 0, "zone_month"),
    }
    return [Line(what, float(quantity), prices[name]) for what, (quantity, name) in found.items()]


def _floor(stage: Templates) -> float:
    """Return the capacity units that a cluster never goes below."""
    scaling = [it.properties["ServerlessV2ScalingConfiguration"] for it in stage.of("AWS::RDS::DBCluster")]
    return sum(float(it["MinCapacity"]) for it in scaling)


def _wakes(stage: Templates) -> float:
    """Return the ACU-hours of a database that only schedules wake: a minute's work, then the pause."""
    pauses = [
        it.properties["ServerlessV2ScalingConfiguration"].get("SecondsUntilAutoPause", 0)
        for it in stage.of("AWS::RDS::DBCluster")
    ]
    runs = DAYS * len(stage.of("AWS::Scheduler::Schedule"))
    return float(sum(runs * (pause + 60) / 3600 * Fraction(1, 2) for pause in pauses if pause))


def _snapshot_gb(stage: Templates) -> float:
    """Return the memory of the functions whose one published version is kept ready."""
    kept = [it.properties for it in stage.functions() if "SnapStart" in it.properties]
    return sum(float(it["MemorySize"]) for it in kept) / 1024


def uploads(stage: Templates, prices: Mapping[str, Price]) -> list[Line]:
    """Return what it costs to take in so many videos, once."""
    memory = {it.name.lower(): it.properties["MemorySize"] / 1024 for it in stage.functions()}
    (machine,) = stage.of("AWS::StepFunctions::StateMachine")
    n, chunks, rungs = GIVEN.uploads, chunks_of(stage.config), len(stage.config.ladder)
    states = states_run(definition(stage, machine), chunks)
    encoding = GIVEN.minutes * 60 * GIVEN.encode_cpu * float(VCPU_GB)
    starting = chunks * GIVEN.start_seconds * memory["encode"]
    steps = GIVEN.step_seconds * sum(
        memory[it] for it in ("probe", "poster", "resize", "original", "audio", "package")
    )
    records = chunks + 4  # claim, plan, original, finish
    calls = GIVEN.call_seconds * (records * memory["records"] + GIVEN.calls * memory["api"])
    parts = -(-GIVEN.original_mb * 1000**2 // (8 * 1024**2))
    stored = parts + 2 + 2 * chunks * rungs + 2 * rungs + 8
    messages = chunks + 5  # started, complete, claimed, early, ready
    asleep = _floor(stage) == 0
    return [
        Line("Encoding", n * (encoding + starting), prices["lambda_gb_second"]),
        Line("The other steps", n * (steps + calls), prices["lambda_gb_second"]),
        Line("Calls of functions", n * (states + GIVEN.calls + messages), prices["lambda_request"]),
        Line("State transitions", n * states, prices["state_transition"]),
        Line("Objects and parts written", n * stored, prices["s3_write"]),
        Line("Originals archived later", n, prices["glacier_ir_write"]),
        Line("Events of the bucket", n * stored, prices["event"]),
        Line("API requests", n * GIVEN.calls, prices["api_request"]),
        Line("Messages to open pages", n * messages, prices["socket_message"]),
        Line("Logs", n * (states + GIVEN.calls) * GIVEN.request_log_kb / 1000**2, prices["log_gb"]),
        Line("Metrics, at most", GIVEN.metrics, prices["metric_month"]),
        Line(
            "Database awake, at most",
            min(HOURS, n * GIVEN.awake_minutes / 60) / 2 if asleep else 0,
            prices["aurora_acu_hour"],
        ),
    ]


def chunks_of(config: "StageConfig") -> int:
    """Return into how many chunks the stage cuts the assumed video."""
    from functions.process import plan  # noqa: PLC0415 (for this page alone)

    fps, frames = Fraction(GIVEN.rate), round(GIVEN.minutes * 60 * GIVEN.rate)
    segment = plan.SEGMENT_SECONDS * GIVEN.rate
    each = plan.segments_per_chunk(frames / fps, config.encode_concurrency)
    return len(plan.chunks(frames, each * segment, segment))


def states_run(machine: Mapping[str, Any], items: int) -> int:
    """Count the states a successful execution enters, each choice taken at its first rule."""
    count, name = 0, machine["StartAt"]
    while name:
        state = machine["States"][name]
        inside = state.get("Branches") or [state[it] for it in ("ItemProcessor", "Iterator") if it in state]
        times = items if state["Type"] == "Map" else 1
        count += 1 + times * sum(states_run(branch, items) for branch in inside)
        name = state["Choices"][0]["Next"] if "Choices" in state else state.get("Next")
    return count


def storage(prices: Mapping[str, Price]) -> list[Line]:
    """Return a month of so many videos, once their originals are archived."""
    gb = GIVEN.uploads / 1000
    return [
        Line("Renditions", gb * GIVEN.renditions_mb, prices["s3_gb_month"]),
        Line("Originals, archived", gb * GIVEN.original_mb, prices["glacier_ir_gb_month"]),
    ]


def watching(stage: Templates, prices: Mapping[str, Price]) -> list[Line]:
    """Return what so many hours of private videos cost to watch, all within one month."""
    from functions.process.plan import SEGMENT_SECONDS  # noqa: PLC0415 (for this page alone)

    memory = {it.name.lower(): it.properties["MemorySize"] / 1024 for it in stage.functions()}
    seconds = GIVEN.hours * 3600
    requests = 2 * seconds / SEGMENT_SECONDS  # a segment of picture, one of sound
    grants = seconds / (stage.config.playback_grant.total_seconds() * GIVEN.renewals)
    return [
        Line("Bytes to viewers", seconds * GIVEN.watched_mbit / 8 / 1000, prices["cloudfront_gb"]),
        Line("Requests for segments", requests, prices["cloudfront_request"]),
        Line("Look at each request", requests, prices["cloudfront_function"]),
        Line(
            "Web ACL, for each request",
            (requests + grants) * len(stage.of("AWS::WAFv2::WebACL")),
            prices["waf_request"],
        ),
        Line("Read from the bucket, at most", requests, prices["s3_read"]),
        Line("Grants signed", grants, prices["kms_signature"]),
        Line("API requests", grants, prices["api_request"]),
        Line("Their function", grants * GIVEN.call_seconds * memory["api"], prices["lambda_gb_second"]),
        Line("Logs", grants * GIVEN.request_log_kb / 1000**2, prices["log_gb"]),
        Line(
            "Database awake, at most",
            min(HOURS, GIVEN.hours) / 2 if _floor(stage) == 0 else 0,
            prices["aurora_acu_hour"],
        ),
    ]


Row = tuple[str, float, float, float, float]


def alternatives(prices: Mapping[str, Price]) -> list[Row]:
    """Return what others charge for the same: idle, uploads, their storage, watching."""
    usd = {name: price.usd for name, price in prices.items()}
    videos, minutes = GIVEN.uploads, GIVEN.uploads * GIVEN.minutes
    watched, gb = GIVEN.hours * 60, GIVEN.hours * 3600 * GIVEN.watched_mbit / 8 / 1000
    stored = sum(line.list_usd for line in storage(prices))
    paid = total([Line("", gb, prices["cloudfront_gb"])])
    servers = HOURS * (
        usd["fargate_task_hour"]
        + usd["balancer_hour"]
        + usd["nat_hour"]
        + 3 * usd["address_hour"]
        + usd["postgres_hour"]
    )
    ladder = 2 * usd["mediaconvert_hd_minute"] + 2 * usd["mediaconvert_sd_minute"]
    free = prices["mux_watched_minute"]
    return [
        (
            "A server, load balancer, NAT and RDS (the original StreamTime; one file, no ladder)",
            servers + 20 * usd["postgres_gb_month"],
            0,
            videos * GIVEN.original_mb / 1000 * usd["s3_gb_month"],
            total([Line("", gb, prices["s3_egress_gb"])]),
        ),
        ("S3, MediaConvert Basic and CloudFront, two HD and two SD rungs", 0, minutes * ladder, stored, paid),
        (
            "Cloudflare Stream",
            usd["cloudflare_least_month"],
            0,
            minutes * usd["cloudflare_stored_minute"],
            watched * usd["cloudflare_watched_minute"],
        ),
        ("Mux, Basic", 0, 0, minutes * usd["mux_stored_minute"], total([Line("", watched, free)])),
    ]


# The page


WITH_WAF = "prod, `waf=True`"


def stages() -> dict[str, Templates]:
    """Synthesise what the page compares."""
    from stacks.config import STAGES  # noqa: PLC0415 (imports the CDK)

    dev, prod = STAGES["dev"], STAGES["prod"]
    configs = {
        "dev": dev,
        'dev, `egress="endpoints"`': replace(dev, egress="endpoints"),
        "prod": prod,
        WITH_WAF: replace(prod, waf=True),
    }
    return {name: synthesise(config) for name, config in configs.items()}


def sections(made: Mapping[str, Templates]) -> dict[str, str]:
    """Write the generated parts of docs/costs.md, by their names."""
    prices = load()
    dev, prod = made["dev"], made["prod"]
    return {
        "summary": _summary(dev, prod, prices),
        "idle": _idle_table(made, prices),
        "uploads": usage_table({"dev": uploads(dev, prices), "prod": uploads(prod, prices)}),
        "storage": usage_table({"any stage": storage(prices)}),
        "watching": usage_table({name: watching(made[name], prices) for name in ("dev", "prod", WITH_WAF)}),
        "plan": _plan(prices),
        "assumptions": table(
            ["assumed", "", "because"],
            [
                [
                    it.name.replace("_", " "),
                    f"{getattr(GIVEN, it.name):g} {it.metadata['unit']}",
                    it.metadata["why"],
                ]
                for it in fields(Assumptions)
            ],
        ),
        "prices": table(
            ["price", "USD", "for one", "free each month", "where", "as of", "source"],
            [
                [
                    name,
                    f"{it.usd:.10f}".rstrip("0").rstrip("."),
                    it.unit,
                    f"{it.free:,}" if it.free else "",
                    it.region,
                    f"{it.as_of}",
                    it.source,
                ]
                for name, it in prices.items()
            ],
        ),
    }


def _summary(dev: Templates, prod: Templates, prices: Mapping[str, Price]) -> str:
    kept = total(storage(prices))
    plan = prices["cloudfront_pro_month"].usd
    flat = ("Bytes to viewers", "Requests for segments", "Look at each request")
    ours: list[Row] = [
        (
            f"**StreamTime, {name}**",
            total(idle(stage, prices)),
            total(uploads(stage, prices)),
            kept,
            total(watching(stage, prices)),
        )
        for name, stage in (("dev", dev), ("prod", prod))
    ]
    rest = total([line for line in watching(prod, prices) if line.what not in flat])
    ours.append(("**StreamTime, prod, CloudFront's Pro plan**", ours[-1][1] + plan, ours[-1][2], kept, rest))
    return table(
        ["", "idle, a month", "1,000 uploads, once", "their storage, a month", "1,000 hours watched"],
        [[name, *map(_usd, costs)] for name, *costs in [*ours, *alternatives(prices)]],
    )


def _idle_table(made: Mapping[str, Templates], prices: Mapping[str, Price]) -> str:
    columns = {name: idle(stage, prices) for name, stage in made.items()}
    rows = [
        [lines[0].what, *(_usd(line.list_usd) if line.quantity else "" for line in lines)]
        for lines in zip(*columns.values(), strict=True)
        if any(line.quantity for line in lines)
    ]
    return table(["a month", *columns], [*rows, *_together(columns)])


def usage_table(columns: Mapping[str, Sequence[Line]]) -> str:
    rows = []
    for lines in zip(*columns.values(), strict=True):
        if most := max(line.quantity for line in lines):
            many = f"{most:,.0f}" if most >= 10 else f"{most:.2f}"  # noqa: PLR2004 (hundredths say nothing then)
            costs = [_usd(line.list_usd) if line.quantity else "" for line in lines]
            rows.append([lines[0].what, many, lines[0].price.unit, *costs])
    return table(["", "how many", "of", *columns], [*rows, *_together(columns, blank=2)])


def _together(columns: Mapping[str, Sequence[Line]], *, blank: int = 0) -> list[list[str]]:
    """Return the last rows: what need not be paid of the list prices above, and the sum."""
    sums = [total(lines) for lines in columns.values()]
    saved = [
        paid - sum(line.list_usd for line in lines)
        for paid, lines in zip(sums, columns.values(), strict=True)
    ]
    rows = [["What AWS gives every account", *[""] * blank, *map(_usd, saved)]] if any(saved) else []
    return [*rows, ["**Together**", *[""] * blank, *(f"**{_usd(paid)}**" for paid in sums)]]


def _plan(prices: Mapping[str, Price]) -> str:
    from functions.process.plan import SEGMENT_SECONDS  # noqa: PLC0415 (for this page alone)

    gb, plan = prices["cloudfront_gb"], prices["cloudfront_pro_month"]
    gb_an_hour = 3600 * GIVEN.watched_mbit / 8 / 1000
    pays = (gb.free + plan.usd / gb.usd) / gb_an_hour
    ends = 10_000_000 / (2 * 3600 / SEGMENT_SECONDS)
    return (
        f"At {GIVEN.watched_mbit:g} Mbit/s the first {gb.free / gb_an_hour:,.0f} hours of a month are free "
        f"without a plan. The Pro plan pays for itself from {pays:,.0f} hours on; its ten million requests "
        f"last for {ends:,.0f}."
    )


def _usd(amount: float) -> str:
    if not amount:
        return "0"
    return f"{amount:,.2f}" if abs(amount) >= 0.005 else "< 0.01"  # noqa: PLR2004 (half a cent)
