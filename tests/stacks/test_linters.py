"""What cfn-lint and checkov say to the templates: every finding is explained, every explanation is needed."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from synthesis import Stage

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements-checkov.txt")
LINTED = ["local", "dev", "prod", "full", "endpoints"]
Explanations = Mapping[str, Mapping[str, str]]

CFN_LINT: Explanations = {
    "The CDK says that a function comes after its role as well as using it.": {"W3005": r".+"},
}
CHECKOV: Explanations = {
    "A setting of the stage that is off; the full stage has it.": {
        "CKV_AWS_68|CKV_AWS_86|CKV_AWS_174": r"(dev|prod|endpoints)/EdgeCdnDistribution\w+",
    },
    "AWS knows no narrower resource for network interfaces and traces; the publisher is the CDK's.": {
        "CKV_AWS_111": r"\w+/((Processing|Edge)(Api|Migrate|Records|Sweep)Role|CustomCDKBucketDeployment)\w+",
    },
    "A new account runs ten functions at once: what one reserves, all others lack.": {"CKV_AWS_115": r".+"},
    "Whoever invokes it waits for the answer.": {
        "CKV_AWS_116": r"\w+/(Processing(Migrate|Probe|Poster|Resize|Original|Audio|Encode|Package)|"
        r"Edge(Api|Connect|Relay|PublicKeyReader)|CustomCDKBucketDeployment|CustomS3AutoDelete)\w+",
    },
    "It needs nothing of the network; the local stage has none.": {
        "CKV_AWS_117": r"local/\w+|\w+/(Processing(Probe|Poster|Resize|Original|Audio|Encode|Package)|"
        r"Edge(Connect|Notify|Relay|PublicKeyReader)|CustomCDKBucketDeployment|CustomS3AutoDelete)\w+",
    },
    "AWS encrypts it with its own keys; one of ours costs a dollar a month and opens for the same roles.": {
        "CKV_AWS_26": r"\w+/AlarmsTopic\w+",
        "CKV_AWS_27": r"\w+/\w+(DeadLetters|Watchdog)\w+",
        "CKV_AWS_119": r"\w+/Data(Connections|Tickets|Limits)\w+",
        "CKV_AWS_149": r"\w+/EdgeOriginSecret\w+",
        "CKV_AWS_158": r".+",
        "CKV_AWS_173": r".+",
    },
    "Aurora's metrics have alarms.": {"CKV_AWS_118": r"\w+/DataDatabaseWriter\w+"},
    "CloudFront's log, a setting, says what the buckets' would.": {
        "CKV_AWS_18": r"\w+/(DataMedia|EdgeCdnWeb|EdgeCdnLogs)\w+",
    },
    "What is deleted shall be gone; sockets live two hours, counters as long as they count.": {
        "CKV_AWS_21": r"\w+/(DataMedia|EdgeCdnWeb|EdgeCdnLogs)\w+",
        "CKV_AWS_28": r"\w+/Data(Connections|Tickets|Limits)\w+",
    },
    "API Gateway logs sockets with a role for the whole account only; the emulator logs nothing.": {
        "CKV_AWS_95": r"\w+/EdgeLiveStage\w+|local/EdgeHttpStage\w+",
    },
    "Nothing here is written in Java.": {"CKV_AWS_192": r"full/WebAcl"},
}

Finding = tuple[str, str]


@pytest.fixture(scope="module")
def folder(stages: Callable[[str], Stage], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the templates are: one file for each stack of each stage."""
    made = tmp_path_factory.mktemp("templates")
    for name in LINTED:
        for stack, template in stages(name).templates.items():
            (made / f"{name}-{stack}.json").write_text(json.dumps(template))
    return made


def cfn_lint(folder: Path) -> list[Finding]:
    files = [str(file) for file in sorted(folder.iterdir())]
    said = run([str(Path(sys.executable).with_name("cfn-lint")), "--format=json", "--", *files])
    return [
        (
            it["Rule"]["Id"],
            f"{Path(it['Filename']).stem}/{'/'.join(str(part) for part in it['Location']['Path'])}",
        )
        for it in said
    ]


def checkov(folder: Path) -> list[Finding]:
    tool = environment(ROOT / ".venv" / "checkov", REQUIREMENTS) / "checkov"
    said = run(
        [str(tool), f"--directory={folder}", "--framework=cloudformation", "--skip-download", "--output=json"]
    )
    return [
        (
            it["check_id"],
            f"{Path(it['file_path']).name.partition('-')[0]}/{it['resource'].rpartition('.')[2]}",
        )
        for it in said["results"]["failed_checks"]
    ]


def run(command: Sequence[str]) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def environment(folder: Path, requirements: Path) -> Path:
    """Return the programs of a virtual environment, which is made when its requirements have changed."""
    stamp = folder / requirements.name
    if not stamp.is_file() or stamp.read_text() != requirements.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-r", requirements], check=True)
        stamp.write_text(requirements.read_text())
    return folder / "bin"


@pytest.mark.parametrize(("linter", "explained"), [(cfn_lint, CFN_LINT), (checkov, CHECKOV)])
def test_every_finding_is_explained_and_every_explanation_is_needed(folder, linter, explained) -> None:
    found = linter(folder)
    rules = [(check, places) for answer in explained.values() for check, places in answer.items()]
    assert [
        finding
        for finding in found
        if not any(
            re.fullmatch(check, finding[0]) and re.fullmatch(places, finding[1]) for check, places in rules
        )
    ] == []
    for checks, places in rules:
        for check in checks.split("|"):
            assert any(found_ == check and re.fullmatch(places, place) for found_, place in found), (
                check,
                places,
            )
