"""Markdown pages of which parts are generated and the rest is written by people."""

import re
from collections.abc import Mapping, Sequence

BEGIN, END = "<!-- {name}: written by ./dev docs -->", "<!-- /{name} -->"


def fill(page: str, sections: Mapping[str, str]) -> str:
    """Put each section between its markers. Raises ValueError if the page has no place for one."""
    for name, text in sections.items():
        begin, end = BEGIN.format(name=name), END.format(name=name)
        place = re.compile(f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", re.DOTALL)
        found = list(place.finditer(page))
        if len(found) != 1:
            raise ValueError(
                f"the page needs one place for {name!r}: {begin} and, on a line of its own, {end}"
            )
        page = f"{page[: found[0].start()]}\n{text}\n\n{page[found[0].end() :]}"
    return page


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mermaid(drawing: str) -> str:
    return f"```mermaid\n{drawing}\n```"
