"""Pages of which parts are generated."""

import pytest

from local.markdown import fill, table

PAGE = """# A page

By hand.

<!-- one: written by ./dev docs -->
old
<!-- /one -->

By hand too.
"""


def test_a_section_replaces_what_stood_there_and_nothing_else():
    filled = fill(PAGE, {"one": "new"})

    assert "old" not in filled
    assert filled.replace("\nnew\n\n", "old\n") == PAGE


def test_filling_again_changes_nothing():
    once = fill(PAGE, {"one": r"a \1 backslash"})

    assert fill(once, {"one": r"a \1 backslash"}) == once


@pytest.mark.parametrize("page", ["# No place\n", PAGE + PAGE])
def test_a_page_without_its_one_place_is_refused_by_name(page):
    with pytest.raises(ValueError, match="'one'"):
        fill(page, {"one": "new"})


def test_a_table_has_a_column_for_each_head():
    assert table(["a", "b"], [["1", "2"]]).splitlines() == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]
