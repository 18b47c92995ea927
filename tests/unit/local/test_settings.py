"""The local stage's settings."""

import stat

import pytest

from local.settings import ROOT, Settings, StageError


def test_without_variables_the_documented_ports_and_folder_are_used():
    settings = Settings.from_environment({})
    assert (settings.edge_port, settings.aws_port, settings.database_port) == (8000, 4566, 54320)
    assert settings.data == ROOT / ".local"
    assert settings.origin == "http://localhost:8000"


def test_variables_choose_other_ports_and_another_folder(tmp_path):
    settings = Settings.from_environment(
        {
            "STREAMTIME_EDGE_PORT": "8010",
            "STREAMTIME_AWS_PORT": "4590",
            "STREAMTIME_DATABASE_PORT": "54390",
            "STREAMTIME_DATA": str(tmp_path),
        }
    )
    assert (settings.edge_port, settings.aws_port, settings.database_port) == (8010, 4590, 54390)
    assert settings.data == tmp_path


def test_settings_survive_the_way_through_an_environment(tmp_path):
    settings = Settings(edge_port=1, aws_port=2, database_port=3, data=tmp_path)
    assert Settings.from_environment(settings.environment) == settings


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80a"])
def test_what_is_not_a_port_is_refused_by_the_name_of_its_setting(port):
    with pytest.raises(StageError, match="STREAMTIME_EDGE_PORT"):
        Settings.from_environment({"STREAMTIME_EDGE_PORT": port})


def test_two_parts_can_not_share_a_port():
    with pytest.raises(StageError, match="differ"):
        Settings.from_environment({"STREAMTIME_EDGE_PORT": "4566"})


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    made = Settings(data=tmp_path).secrets
    assert Settings(data=tmp_path).secrets == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert Settings(data=tmp_path / "other").secrets != made
