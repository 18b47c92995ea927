"""What Lambda is given: the same bytes from every build, everything the code needs, within the limits."""

import hashlib
import importlib.metadata
import os
import re
import shutil
import zipfile

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from packaging.requirements import Requirement

from stacks import function

MEGABYTE = 1024**2
LIMIT = 250 * MEGABYTE  # of what Lambda unpacks for one function


def build(tree, output, monkeypatch):
    """Synthesise a stack that uses the tree's source; return the asset's name and what is in it."""
    monkeypatch.setattr(function, "ROOT", tree)
    stack = Stack(App(outdir=str(output)), "Stack")
    function.source().bind(stack)
    stack.node.root.synth()
    (asset,) = output.glob("asset.*")
    return asset.name, contents(asset)


def contents(folder):
    return {
        str(path.relative_to(folder)): (
            oct(path.stat().st_mode),
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


def copy_of_the_source(to, *, age):
    """Copy what a clone has, with files of another time, and leave what running it leaves."""
    for folder in ("functions", "migrations"):
        shutil.copytree(function.ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in to.rglob("*"):
        os.utime(path, (age, age))
    for path in [*to.rglob("*.py")]:
        cache = path.parent / "__pycache__"
        cache.mkdir(exist_ok=True)
        (cache / f"{path.stem}.cpython-314.pyc").write_bytes(os.urandom(16))
    (to / ".env").write_text(f"SECRET={age}")
    (to / "cdk.out").mkdir()
    (to / "cdk.out" / "old").write_text(str(age))
    return to


def test_two_builds_of_the_source_are_the_same_bytes(tmp_path, monkeypatch):
    one = copy_of_the_source(tmp_path / "one", age=1_000_000_000)
    two = copy_of_the_source(tmp_path / "elsewhere" / "two", age=1_700_000_000)
    first = build(one, tmp_path / "out-one", monkeypatch)
    assert first == build(two, tmp_path / "out-two", monkeypatch)
    names = first[1]
    assert "functions/api/handler.py" in names
    assert "functions/core/rds-ca.pem" in names
    assert "migrations/env.py" in names
    assert {name.partition("/")[0] for name in names} == {"functions", "migrations"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_another_byte_of_source_is_another_build(tmp_path, monkeypatch):
    tree = copy_of_the_source(tmp_path / "tree", age=1_000_000_000)
    before, _ = build(tree, tmp_path / "before", monkeypatch)
    with (tree / "functions" / "api" / "handler.py").open("a") as handler:
        handler.write("\n")
    after, _ = build(tree, tmp_path / "after", monkeypatch)
    assert before != after


def wheel(folder):
    """Make a wheel of a package with a command."""
    path = folder / "greeting-1.0-py3-none-any.whl"
    about = "greeting-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("greeting.py", "def main(): print('hello')\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/entry_points.txt", "[console_scripts]\ngreet = greeting:main\n")
        archive.writestr(f"{about}/RECORD", "")
    return str(path)


def test_two_builds_of_a_layer_are_the_same_bytes_and_name_no_machine(tmp_path, monkeypatch):
    package = wheel(tmp_path)
    function._install([package], tmp_path / "one")
    function._install([package], tmp_path / "two")
    built = contents(tmp_path / "one")
    assert "python/greeting.py" in built
    assert built == contents(tmp_path / "two")
    for path in (tmp_path / "one").rglob("*"):
        assert not path.is_file() or str(function.sys.prefix).encode() not in path.read_bytes()


def test_the_layers_packages_are_all_pinned_with_what_they_need():
    """The layer is named after these lines: what they leave open would change its bytes and not its name."""
    pins = [Requirement(line) for line in function._requirements("functions/requirements.txt")]
    assert [pin.name for pin in pins if [found.operator for found in pin.specifier] != ["=="]] == []
    lambda_platform = {"sys_platform": "linux", "platform_machine": "aarch64", "python_version": "3.14"}
    needed = {
        need.name.lower().replace("_", "-")
        for pin in pins
        for need in map(Requirement, importlib.metadata.requires(pin.name) or [])
        if not need.marker
        or any(need.marker.evaluate(lambda_platform | {"extra": extra}) for extra in (pin.extras or {""}))
    }
    assert needed - {pin.name for pin in pins} == {"botocore"}


def test_what_lambda_unpacks_is_within_its_limit():
    source = sum(path.stat().st_size for path in (function.ROOT / "functions").rglob("*.py"))
    assert source + sum(function.BUDGETS.values()) < LIMIT


def test_a_layer_over_its_budget_ends_the_synthesis_and_one_within_it_says_its_size(tmp_path, capsys):
    budget = function.BUDGETS["Dependencies"]
    with (tmp_path / "large").open("wb") as large:
        large.truncate(budget)
    function._check_size("Dependencies", tmp_path)
    assert f"{budget // MEGABYTE} of {budget // MEGABYTE} MB" in capsys.readouterr().err
    (tmp_path / "one-more").write_bytes(b"0")
    with pytest.raises(ValueError, match="Dependencies is over its budget"):
        function._check_size("Dependencies", tmp_path)


def test_functions_run_on_the_newest_python_that_lambda_offers():
    offered = [name for name in dir(lambda_.Runtime) if re.fullmatch(r"PYTHON_3_\d+", name)]
    newest = max(offered, key=lambda name: int(name.rpartition("_")[2]))
    assert getattr(lambda_.Runtime, newest).name == function.RUNTIME.name
