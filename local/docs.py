"""What is generated from the code and kept beside it.

The API's description, the frontend's types of it, the pictures of docs/architecture.md and the tables of
docs/costs.md. The message files of the frontend have their translations in them: only Lingui compares those.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from local import costs, diagram
from local.deployment import FRONTEND, NPM, install_frontend, run
from local.markdown import fill
from local.part import clean_environment
from local.progress import say
from local.settings import BIN, ROOT, Settings

DOCUMENT = ROOT / "docs" / "openapi.json"
TYPES = FRONTEND / "src" / "lib" / "schema.d.ts"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
MESSAGES = FRONTEND / "src" / "locales"
COSTS = ROOT / "docs" / "costs.md"


def write(settings: Settings) -> None:
    """Generate all of it."""
    install_frontend(settings)
    for path, text in _generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        say(f"  {path.relative_to(ROOT)}")
    run([NPM, "run", "--silent", "messages"], clean_environment(), settings.log("frontend"), cwd=FRONTEND)
    say(f"  {MESSAGES.relative_to(ROOT)}")


def stale() -> list[Path]:
    """Return the files that are not what the code says."""
    return [path for path, text in _generated().items() if not path.exists() or path.read_text() != text]


def _generated() -> dict[Path, str]:
    from functions.api.handler import openapi  # noqa: PLC0415  # takes a second others needn't spend

    document = json.dumps(openapi(), indent=2, ensure_ascii=False) + "\n"
    made = costs.stages()
    return {
        DOCUMENT: document,
        TYPES: _types(document),
        ARCHITECTURE: fill(ARCHITECTURE.read_text(), diagram.sections(made["dev"])),
        COSTS: fill(COSTS.read_text(), costs.sections(made)),
    }


def _types(document: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        source.write_text(document)
        generate = ["openapi-typescript", str(source), "--output", str(result)]
        subprocess.run(
            [str(BIN / "npx"), *generate],
            check=True,
            capture_output=True,
            cwd=FRONTEND,
            env=clean_environment(),
        )
        return result.read_text()


if __name__ == "__main__":
    if late := stale():
        sys.exit(
            f"{', '.join(str(path.relative_to(ROOT)) for path in late)}: not what the code says; ./dev docs"
        )
