"""Every stage, synthesised once a session."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from synthesis import Stage, synthesise

from stacks import cdn
from stacks.config import STAGES, Domain


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage]]:
    """Return a function that gives a stage by its name, or one of these variants of a stage.

    "domain" is prod with a name of its own; "full" beside it has all that a stage may choose; "endpoints" is
    dev without a way out of its network.
    """
    site = tmp_path_factory.mktemp("dist")
    (site / "assets").mkdir()
    (site / "index.html").write_text("<!doctype html>")
    (site / "assets" / "app.js").write_text("0")
    made: dict[str, Stage] = {}
    domain = Domain(name="video.example.org", zone_id="Z0123456789", zone_name="example.org")
    named = replace(STAGES["prod"], domain=domain)
    configs = {
        **STAGES,
        "domain": named,
        "full": replace(
            named,
            waf=True,
            cdn_logs=True,
            signing_keys=(2, 1),
            origin_secrets=(2, 1),
            email_sender="drive@example.org",
        ),
        "endpoints": replace(STAGES["dev"], egress="endpoints"),
    }

    def make(name: str) -> Stage:
        if name not in made:
            made[name] = synthesise(configs[name])
        return made[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cdn, "SITE", site)
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(variable, raising=False)
        yield make


@pytest.fixture(params=["local", "dev", "prod"])
def stage(request, stages) -> Stage:
    return stages(request.param)


@pytest.fixture(params=["dev", "prod"])
def aws_stage(request, stages) -> Stage:
    return stages(request.param)
