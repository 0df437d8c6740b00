"""Everything in docs/ that can be run is run, page by page, as it stands there; and the site is built as CI wants it.

Each page is done in a fresh folder, with a server of its own that was started there. `docs/issues` are records of what
was, and `docs/walkthrough.md` needs a package index: `scripts/walkthrough.py --check` makes its calls.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apps
import pytest
from page_runs import FIGURE, PageRun, alike
from pages import blocks, top
from shopfront import ROOT, People, in_environment, make_shop

from conftest import served

DOCS = ROOT / "docs"
ELSEWHERE = {DOCS / "walkthrough.md"}
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "issues" and path not in ELSEWHERE)
WITH_BLOCKS = [path for path in PAGES if blocks(path.read_text(encoding="utf-8"))]

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="gdb, and a shell's commands")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project in examples/shopfront as a page has it: with an environment of its own."""
    shop = make_shop(tmp_path)
    (shop / ".venv").symlink_to(Path(apps.PYTHON).parents[1])
    return shop


@pytest.fixture
def people(folder: Path) -> Iterator[People]:
    environ = in_environment()
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    started = People(folder, {**environ, "HOME": str(folder.parent)})
    started.environ.pop("XDG_STATE_HOME", None)
    yield started
    started.end()


@pytest.fixture
async def run(page: Path, folder: Path, people: People) -> AsyncIterator[PageRun]:
    """A server that was started in the folder with the options of the page, and who does the page there."""
    said = top(page.read_text(encoding="utf-8"))  # noqa: ASYNC240 - a page is small
    if "needs" in said and shutil.which(said["needs"]) is None:
        pytest.skip(f"{said['needs']} is not installed")
    async with served(cwd=folder, env=people.environ, options=said.get("server", "").split()) as agent:
        yield PageRun(page, folder, agent, people)
        await agent.end_all()


@linux
@apps.needed
@pytest.mark.anyio
@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(DOCS)))
async def test_a_page_is_what_happens(page: Path, run: PageRun) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):  # noqa: ASYNC240 - as above
        await run.do(block)
    run.end()


@pytest.mark.parametrize("program", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_a_program_of_ours_is_shown_as_it_is(program: Path) -> None:
    for page in WITH_BLOCKS:
        for block in blocks(page.read_text(encoding="utf-8")):
            edited = block.kind == "diff"
            assert edited or block.title != program.name or block.text == program.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["```\nx\n```\n", "  ```sh\n  x\n  ```\n", "```sh\nx\n", "~~~sh\nx\n~~~\n"])
def test_a_block_that_would_not_be_run_is_refused(text: str) -> None:
    with pytest.raises(AssertionError):
        blocks(text)


@pytest.mark.parametrize(
    ("written", "real", "same"),
    [
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\nd\n", "a\nb\n", False),
        ("in 0.1 s (pid 7)\n", "in 22 s (pid 123)\n", True),
        ("count = 1\n", "count = 2\n", False),
        ("a\n", "a\nb\n", False),
    ],
)
def test_an_answer_may_differ_only_where_no_two_runs_agree(written: str, real: str, same: bool) -> None:
    assert alike(written, real) == same


def test_only_a_page_that_explains_has_text_that_nothing_said() -> None:
    drawn = [page for page in WITH_BLOCKS if any(b.title == FIGURE for b in blocks(page.read_text(encoding="utf-8")))]
    assert drawn == [DOCS / "explanation" / "architecture.md"]


def build(project: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a project. Not `--quiet`: then warnings are not seen, and `--strict` finds none."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built so that a link or an anchor that leads nowhere, or a page that no menu has, is an error."""
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT, folder)
    assert built.returncode == 0, built.stderr
    return folder


def test_what_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "how-to").mkdir(parents=True)
    (docs / "how-to" / "index.md").write_text("# A page\n", encoding="utf-8")
    (docs / "index.md").write_text("# Another\n\n[that](how-to/index.md#a-page)\n", encoding="utf-8")
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(f"{config}\nnav: [index.md, how-to/index.md]\n", encoding="utf-8")
    assert build(tmp_path, tmp_path / "site").returncode == 0
    (docs / "in-no-menu.md").write_text("# A third\n", encoding="utf-8")
    links = "[an anchor](how-to/index.md#nowhere) [a page](nowhere.md) [from the root](/how-to/index.md)"
    (docs / "index.md").write_text(f"# Another\n\n{links}\n", encoding="utf-8")
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode == 1
    assert built.stderr.count("WARNING -") == 4, built.stderr


def test_the_site_asks_nobody_for_anything(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        asked = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?((?:https?:)?//[^\"'> ]+)", text)
        asked += re.findall(r"<link\b(?![^>]*rel=[\"']?canonical)[^>]*\bhref=[\"']?((?:https?:)?//[^\"'> ]+)", text)
        assert not asked, f"{page.relative_to(site)} fetches {asked}"


def test_every_page_and_every_record_is_in_the_site(site: Path) -> None:
    pages = [path.relative_to(DOCS) for path in DOCS.rglob("*.md")]
    missing = [page for page in pages if not _built(site, page).is_file()]
    assert pages
    assert not missing


def _built(site: Path, page: Path) -> Path:
    return site / page.with_suffix(".html")
