"""A database that was restored from a backup takes the place of the lost one."""

from dataclasses import replace

import pytest
from synthesis import Stage, synthesise

from stacks.config import STAGES


@pytest.fixture(scope="module")
def restored() -> Stage:
    prod = STAGES["prod"]
    return synthesise(replace(prod, database=replace(prod.database, snapshot="restored")))


def test_it_is_made_from_the_snapshot_under_the_same_logical_id(restored, stages) -> None:
    before, after = (stage.templates["stateful"]["Resources"] for stage in (stages("prod"), restored))
    assert before.keys() == after.keys()
    asked = {**before["DataDatabaseA9E9E962"]["Properties"], "SnapshotIdentifier": "restored"}
    del asked["MasterUsername"]  # CloudFormation refuses it beside a snapshot
    assert after["DataDatabaseA9E9E962"]["Properties"] == asked
    assert after["DataDatabaseA9E9E962"]["UpdateReplacePolicy"] == "Retain"


def test_no_export_stands_in_its_way(restored) -> None:
    """CloudFormation changes no exported value while another stack imports it."""
    exported = [
        name for name, output in restored.templates["stateful"]["Outputs"].items() if "Export" in output
    ]
    assert exported
    assert not [name for name in exported if "DataDatabase" in name]


def test_it_is_brought_to_this_builds_schema(restored, stages) -> None:
    """CloudFormation runs the migration again when what it is told has changed."""
    (told,) = (
        resource["Properties"]
        for resource in restored.templates["stateless"]["Resources"].values()
        if "Schema" in resource.get("Properties", {})
    )
    assert told["Snapshot"] == "restored"
