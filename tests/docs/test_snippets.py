"""The documentation is true: every Python block of a page runs, in order, in one module.

A page's module is `main`, as the pages call it, and begins with an empty `app`. What a page need not show stands
between `<!-- snippet` and `-->` and runs likewise: files that a block reads, and checks that what the page says is so.
Functions called `test_…` run afterwards, as pytest would run them.
"""

import re
import sys
from collections.abc import Iterator
from functools import partial
from inspect import iscoroutinefunction, signature
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import anyio
import pytest

from hawkapi import HawkAPI

ROOT = Path(__file__).parents[2]
PAGES = {str(page.relative_to(ROOT)): page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}

_blocks = re.compile(r"^( *)```python\n(.*?)^\1```$|^<!-- snippet\n(.*?)^-->$", re.DOTALL | re.MULTILINE).finditer


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_what_a_page_shows_is_true(page, hawk_backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main = ModuleType("main")
    monkeypatch.setitem(sys.modules, "main", main)
    main.app = HawkAPI()
    for code in _codes(page):
        exec(code, vars(main))
    main.app.seal()
    for test in [value for name, value in vars(main).items() if name.startswith("test_")]:
        _run(test, hawk_backend)


def _codes(page: Path) -> Iterator[object]:
    text = page.read_text()
    for block in _blocks(text):
        _, shown, hidden = block.groups()
        above = "\n" * (text.count("\n", 0, block.start()) + 1)  # a traceback names the line of the page
        yield compile(above + dedent(shown or hidden), page, "exec", dont_inherit=True)


def _run(test, hawk_backend):
    backend, options = hawk_backend
    call = partial(test, hawk_backend) if "hawk_backend" in signature(test).parameters else test
    if iscoroutinefunction(test):
        anyio.run(call, backend=backend, backend_options=options)
    else:
        call()
