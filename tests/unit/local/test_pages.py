"""Pages written by people: what they name exists."""

import re

import pytest

from local.settings import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEST = re.compile(r"`((?:tests|frontend)/[\w/.-]+)::([^`]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def named_by(page: str) -> list[tuple[str, str]]:
    return TEST.findall((ROOT / page).read_text())


def test_every_test_that_the_security_page_names_exists():
    named = named_by("docs/security.md")

    assert len(named) > 40
    assert [f"{file}::{name}" for file, name in named if not is_there(file, name)] == []


def is_there(file: str, name: str) -> bool:
    """Find a test by its name: a function of pytest's, or a sentence of Playwright's and vitest's."""
    path = ROOT / file
    found = re.escape(name.rpartition("::")[2])
    wanted = rf"def {found}\(" if path.suffix == ".py" else rf"""(test|it)\([`"']{found}[`"']"""
    return path.is_file() and re.search(wanted, path.read_text()) is not None


def test_a_test_that_is_gone_would_be_missed():
    here = "tests/unit/local/test_pages.py"

    assert is_there(here, "test_a_test_that_is_gone_would_be_missed")
    assert not is_there(here, "test_nobody_wrote")
    assert not is_there("tests/nowhere.py", "test_nobody_wrote")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page):
    lost = [
        link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if not leads_somewhere(page, link)
    ]

    assert lost == []


def leads_somewhere(page, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not anchor or anchor in {slug(heading) for heading in HEADING.findall(target.read_text())}


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_diagrams_stay_below_what_mermaid_draws():
    """Its defaults, which GitHub keeps: 50,000 characters and 500 arrows in one diagram."""
    drawn = re.findall(r"```mermaid\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.DOTALL)

    assert len(drawn) == 3
    for diagram in drawn:
        assert len(diagram) < 50_000
        assert diagram.count("->") < 500
