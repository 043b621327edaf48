"""The pages of the catalogue, written from the definitions: python docs/catalogue.py

One page per family, with each pattern's set, source, picture, cost, paths, and the rows of
differs.md that name it; and an index. The built docs have an explorer of each example. A test keeps
the pages equal to what this file writes, so that none is ever edited by hand.
"""

import inspect
import math
import re
import sys
from functools import cache, reduce
from itertools import groupby
from operator import or_
from pathlib import Path

import numpy as np

import sparse_ref as sr
from sparse_ref.catalogue import notation
from sparse_ref.catalogue.entries import Entry
from sparse_ref.published.examples import EXAMPLES
from sparse_ref.sets.definitions import code_of
from sparse_ref.sets.glyphs import side_by_side
from sparse_ref.sets.rule import Rule

HERE = Path(__file__).parent
LENGTHS = (1024, 4096, 16384)
WIDTH = 100  # columns of a picture in a page
HEAD = [
    "| | set and source | pairs grow as | layers until every position can influence every other |",
    "|---|---|---|---|",
]
PART_OF = {
    "Strided": "strided",
    "Block": "fixed",
    "Summary": "fixed",
    "SubBlock": "openai_fixed",
    "DilatedSegment": "longnet",
    "Flip": "butterfly",
    "Verticals": "vertical_slash",
    "Slashes": "vertical_slash",
    "Prefix": "prefix_lm",
    "Sinks": "streaming",
}
UNORDERED = {"image_local_2d", "block_diffusion"}  # a later position may come earlier in time
OVER_POOLS = {"Complete", "Started"}  # whose keys are pools of tokens
SETS = "A_i", "m_ij"  # the beginning of a definition that is a set, not a sentence
OVER_BLOCKS = {"Flip", "butterfly"}
INTRODUCTION = (
    "Every pattern of this library: its set, its cost and its paths. `docs/catalogue.py` writes "
    "these pages from the definitions. Costs and paths are those of the example on the pattern's "
    "page: how the number of pairs grows with n, and after how many layers each position can be "
    "influenced by all others, or by all earlier ones.\n\n"
    "[What is in a window](rosetta.md): what twenty sources mean by the same number. "
    "[What is in a top-k](selection.md): what it counts, forces and leaves out. "
    "[Methods that choose keys by data](chosen_keys.md), drawn on a seed's data. "
    "[Where sources differ](../differs.md): papers compared with their code."
)


def pages() -> dict[str, str]:
    """The text of each page by its name."""
    families = [
        (family, list(entries))
        for family, entries in groupby(sr.catalogue(), lambda entry: entry.family)
    ]
    written = {f"{family}.md": page(entries) for family, entries in families}
    tables = {
        "rosetta.md": rosetta(),
        "selection.md": selection(),
        "chosen_keys.md": chosen_keys(),
    }
    return {"index.md": index(families), **tables, **written}


def index(families) -> str:
    """Every pattern in a line, by family."""
    lines = [
        "# Catalogue",
        "",
        INTRODUCTION,
        "",
        "![The catalogue in pictures](../_static/catalogue.png)",
        "",
    ]
    for family, entries in families:
        title, rest = headed(entries[0].title)
        lines += [f"## {title}", "", *rest, *HEAD]
        for entry, anchor in zip(entries, anchors(entries)):
            set_, source = entry.definition
            first = cell(set_) if set_.startswith(SETS) else plain(set_)
            link = f"[`{entry.name}`]({family}.md#{anchor})"
            definition = f"{first}<br>{plain(source)}"
            lines.append(
                f"| {link} | {definition} | {growth(entry)} | {paths(entry, brief=True)} |"
            )
        lines.append("")
    return "\n".join(
        [
            *lines,
            "```{toctree}",
            ":hidden:",
            "",
            "rosetta",
            "selection",
            "chosen_keys",
            "../differs",
            *(family for family, _ in families),
            "```",
            "",
        ]
    )


def rosetta(w: int = 4) -> str:
    """The table of `sparse-ref rosetta`."""
    lines = [
        "# What is in a window",
        "",
        f"Give each source the number {w} as its window: these are the set that it uses, and the "
        f"number of keys of a query far from both ends. `sparse-ref rosetta -w {w}` prints this "
        f"table, `sr.window_conventions({w})` has it as data.",
        "",
        "| source | parameter | set | keys | |",
        "|---|---|---|---|---|",
    ]
    for row in sr.window_conventions(w):
        source, parameter = plain(row.source), plain(row.parameter)
        lines.append(
            f"| {source} | {parameter} | {cell(repr(row.pattern))} | {row.keys} | {row.kind} |"
        )
    return "\n".join([*lines, ""])


SELECTION_TEXT = (
    "Two methods that select by scores, given the same data and the same k, choose different "
    "keys: one counts the own block among the k, the next adds it, a third can lose it. "
    "`sparse-ref rosetta --selection` prints this table, `sr.selection_conventions()` has it as "
    "data, and a test runs each method and compares each cell with what comes out. i is the "
    "query, r the length of a pool; the methods are in `sr.published`."
)


def selection() -> str:
    """The table of `sparse-ref rosetta --selection`."""
    lines = [
        "# What is in a top-k",
        "",
        SELECTION_TEXT,
        "",
        "| method | does k count the forced? | forced | own token always in? | later keys left out "
        "| one set per | a pool that is not full |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sr.selection_conventions():
        cells = (row.budget, row.forced, row.own, row.causality, row.sets, row.partial)
        first = f"**{plain(row.method)}**<br>{plain(row.source)}"
        lines.append(f"| {first} | {' | '.join(map(plain, cells))} |")
    return "\n".join([*lines, ""])


EXAMPLES_TEXT = (
    "Methods that choose keys by scores of the data. Each is a module of `sr.published`, and the "
    "three of NSA are modules of `sr.published.nsa`: `sets` is what it selects, `attention` is the "
    "layer. Reformer, Routing Transformer, Sinkhorn and H-Transformer-1D are classes there, whose "
    "`sets`, or `level_sets`, are drawn. The pictures are drawn on normal vectors, from seed "
    "0; `sparse-ref show dsa --seed 1` draws others. "
    "[What is in a top-k](selection.md) compares the rules; [Keys chosen by data](../selection.md) "
    "explains how they are made."
)


def chosen_keys() -> str:
    """The methods that choose keys by data: what each says of itself, and its picture."""
    lines = ["# Methods that choose keys by data", "", EXAMPLES_TEXT, ""]
    for example in EXAMPLES:
        title, *rest = example.paragraphs
        lines += [f"## {example.name}", "", plain(title), ""]
        for paragraph in rest:
            text = cell(paragraph) if paragraph.startswith(SETS) else plain(paragraph)
            lines += [text, ""]
        lines += [f"{example.sizes}, n = {example.n}", "", "```text"]
        lines += [*example_pictures(example), "```", ""]
    return "\n".join(lines)


def example_pictures(example) -> list[str]:
    """The pictures of an example side by side, under their names, as many as fit."""
    panels = []
    for part in example.parts():
        glyphs = sr.picture(part.pattern, part.shape(example.n))
        lines = [part.name, *glyphs.split("\n")]
        width = max(map(len, lines))
        panels.append("\n".join(line.ljust(width) for line in lines))
    return [line.rstrip() for line in in_rows(panels)]


def headed(title: str) -> tuple[str, list[str]]:
    """A family's title up to its colon, and what follows as a paragraph."""
    short, _, rest = title.rstrip(".").partition(": ")
    return short, [plain(rest[:1].upper() + rest[1:] + "."), ""] if rest else []


def anchors(entries) -> list[str]:
    """The anchors of a page's headings: names in small letters, numbered if two are the same."""
    names = [e.name.lower() for e in entries]
    return [
        name + (f"-{names[:k].count(name)}" if name in names[:k] else "")
        for k, name in enumerate(names)
    ]


def page(entries: list[Entry]) -> str:
    """A family: the docstring of its file, then each of its patterns."""
    module = sys.modules[notation.NAMES[entries[0].name].__module__]
    first, _, rest = (inspect.getdoc(module) or "").partition("\n")
    title, subtitle = headed(first)
    lines = [line for entry in entries for line in part(entry)]
    return "\n".join([f"# {title}", "", *subtitle, *paragraphs(rest), *lines])


def part(entry: Entry) -> list[str]:
    """One pattern: set, source, definition, picture, cost, paths, differences."""
    set_, source = entry.definition
    first = f"`{set_}`" if set_.startswith(SETS) and "`" not in set_ else plain(set_)
    lines = [f"## {entry.name}", "", first + (f" &emsp; {plain(source)}" if source else ""), ""]
    definition = notation.NAMES[entry.name]
    lines += [f"`{signature(entry.name)}`", ""]
    if isinstance(definition, type) and issubclass(definition, Rule):
        lines += [
            "```python",
            *code(definition.formula),
            *(["", *code(definition.pairs)] if definition.pairs else []),
            "```",
            "",
        ]
    n_q, n_k = entry.shape()
    lengths = f"n = {n_q}" if n_q == n_k else f"(n_q, n_k) = ({n_q}, {n_k})"
    lines += [f"`{entry.text()}`, {lengths}", "", "```text", *pictures(entry), "```", ""]
    lines += [play(entry), ""]
    keys = ", ".join(f"{keys_per_query(entry, n):,.1f} at n = {n:,}" for n in LENGTHS)
    over_blocks = entry.name in OVER_BLOCKS or entry.name.startswith("deepspeed_")
    counted = (
        "Blocks per row of blocks, for n blocks" if over_blocks else "Keys per query, on average"
    )
    lines += [f"- {counted}: {keys}; pairs grow as {growth(entry)}.", f"- Paths: {paths(entry)}."]
    if over_blocks:
        lines.append("- i and j count blocks: `Blockwise(p, block)` is the pattern over tokens.")
    lines += [f"- Sources disagree. {row}" for row in differences(entry.name)]
    return [*lines, ""]


def play(entry: Entry) -> str:
    """A link to the explorer of the example, which the code host does not have."""
    link = f'<a href="../explorers/{explorer_names()[entry.name]}.html">in the browser</a>'
    return f"Play with it {link}, or by `sparse-ref explore {entry.name}`."


@cache
def explorer_names() -> dict[str, str]:
    """{entry: name of its explorer's file}; names differ where capitals do not count, too."""
    entries = sr.catalogue()
    return dict(zip([entry.name for entry in entries], anchors(entries)))


def write_explorers(folder: Path) -> None:
    """Write the explorer of each example into a folder: the build of the docs does."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in sr.catalogue():
        page = sr.explore(entry.text(), entry.shape(), title=entry.text())
        page.save(folder / f"{explorer_names()[entry.name]}.html")


def signature(name: str) -> str:
    """The constructor with its parameters and their defaults."""
    parameters = inspect.signature(notation.NAMES[name]).parameters.values()
    untyped = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return f"{name}({', '.join(map(str, untyped))})"


def pictures(entry: Entry) -> list[str]:
    """The example in text: heads one below the other, steps and branches side by side."""
    value = entry.value()
    if isinstance(value, tuple) and len(value) > 1:
        heads = [f"head {h}\n{p.picture(entry.shape())}" for h, p in enumerate(value)]
        return "\n\n".join(heads).split("\n")
    return in_rows([p.picture(entry.shape()) for p in entry.patterns()])


def in_rows(panels: list[str]) -> list[str]:
    """Pictures of one height next to each other, as many as fit, and the others below."""
    widest = max(len(panel.split("\n")[0]) for panel in panels)
    fitting = max(WIDTH // (widest + 2), 1)
    rows = [panels[k : k + fitting] for k in range(0, len(panels), fitting)]
    return "\n\n".join(map(side_by_side, rows)).split("\n")


@cache
def pairs(entry: Entry, n: int) -> float:
    """The pairs of all steps or branches; of a head on average."""
    total, value = sum(sr.nnz(p, entry.shape(n)) for p in entry.patterns(n)), entry.value(n)
    return total / len(value) if isinstance(value, tuple) else total


def keys_per_query(entry: Entry, n: int) -> float:
    """Pairs over queries."""
    return pairs(entry, n) / entry.shape(n)[0]


def growth(entry: Entry) -> str:
    """The exponent of n between the last two lengths."""
    last, before = (pairs(entry, n) for n in LENGTHS[:-3:-1])
    exponent = math.log(last / before) / math.log(LENGTHS[-1] / LENGTHS[-2]) if before else 0.0
    logarithmic = before and math.isclose(
        last / before, 14 / 12 * 4, rel_tol=0.01
    )  # (n log n) at 2^14 over that at 2^12
    return (
        "n"
        if abs(exponent - 1) < 0.05
        else "n²"
        if abs(exponent - 2) < 0.05
        else "n log n"
        if logarithmic
        else f"n^{exponent:.1f}"
    )


def paths(entry: Entry, brief: bool = False) -> str:
    """After how many layers every earlier position influences a query, and which later ones do.

    Or a pair that no number of layers connects.
    """
    n, n_k = entry.shape()
    if entry.name in PART_OF:
        return f"a part of `{PART_OF[entry.name]}`"
    if entry.name in OVER_POOLS:
        return "-" if brief else "not applicable: keys are pools of tokens"
    if n != n_k or entry.name in UNORDERED:
        return (
            "-"
            if brief
            else (
                "queries and keys are not the same positions"
                if n != n_k
                else "not applicable: positions are not in the order of time"
            )
        )
    own = entry.patterns()
    layers = sr.paths.hops(
        own if isinstance(entry.value(), sr.Factorized) else (reduce(or_, own),), n
    )
    past = np.tri(n, k=-1, dtype=bool)
    never, later = past & (layers < 0), np.mean(layers[past.T] >= 0)
    if never.any():
        i, j = np.argwhere(never)[0]
        if brief:
            return f"{max(never.sum() / past.sum(), 0.01):.0%} of earlier ones never"
        return (
            f"{never.sum():,} of {past.sum():,} pairs j < i are never connected: "
            f"position {j} never influences query {i} (n = {n})"
        )
    later_ones = (
        f"by every later one within {layers.max()}"
        if later == 1
        else f"by {later:.0%} of the later ones"
        if later
        else "by no later one"
    )
    most = int(layers[past].max())
    within = f"{most} layer{'s' * (most != 1)}"
    if brief:
        return f"all in {max(most, int(layers.max()))}" if later == 1 else f"earlier ones in {most}"
    return (
        f"every earlier position influences a query within {within}; "
        f"it is influenced {later_ones} (n = {n})"
    )


def differences(name: str) -> list[str]:
    """The rows of differs.md that name a constructor, in a line each."""
    table = re.findall(r"^\| (?!source)(.*) \|$", (HERE / "differs.md").read_text(), re.M)
    return [
        f"**{source}** means: {meaning}. Here and elsewhere: {others}. Difference: {keys}."
        for source, meaning, others, keys, _ in (row.split(" | ") for row in table)
        if re.search(rf"`[^`]*\b{name}\(", " ".join((source, meaning, others, keys)))
    ]


def code(function) -> list[str]:
    """The lines of a static method without its decorator."""
    return code_of(function).split("\n")


def paragraphs(text: str) -> list[str]:
    """A docstring's paragraphs as Markdown."""
    return [
        line
        for part in text.strip().split("\n\n")
        if part
        for line in (plain(" ".join(part.split())), "")
    ]


def plain(text: str) -> str:
    """Text in which Markdown finds no markup except code."""
    return "".join(
        span.replace("|", r"\|") if span.startswith("`") else re.sub(r"([*_|<>^])", r"\\\1", span)
        for span in re.split(r"(`[^`]*`)", text)
    )


def cell(code: str) -> str:
    """Code for a cell of a table."""
    return "`" + code.replace("|", "\\|").replace("`", "") + "`"


def write():
    """Write the pages, and take away those of families that are gone."""
    folder = HERE / "catalogue"
    folder.mkdir(exist_ok=True)
    found = pages()
    for page in folder.glob("*.md"):
        if page.name not in found:
            page.unlink()
    for name, text in found.items():
        (folder / name).write_text(text)
        print(folder / name)


if __name__ == "__main__":
    write()
