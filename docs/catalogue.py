"""The pages of the catalogue, written from the definitions: python docs/catalogue.py

One page per family, with each pattern's set, source, picture, cost, paths, and the rows of
differs.md that name it; and an index. The built docs have an explorer of each example. A test keeps
the pages equal to what this file writes, so that none is ever edited by hand.
"""

import inspect
import math
import re
import sys
import tomllib
from functools import cache, reduce
from itertools import groupby
from operator import or_
from pathlib import Path

import catalogue_figures as figures
import catalogue_formulas as formulas
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
    "Every pattern of this library, with its set, figure, cost and paths. Below each picture: how "
    "the number of pairs grows with n, and after how many layers each position of the example can "
    "be influenced by all others, or by all earlier ones.\n\n"
    "[What is in a window](rosetta.md): which keys twenty sources mean by a window of 4. "
    "[What is in a top-k](selection.md): what it counts, forces and leaves out. "
    "[Where sources differ](../differs.md): papers compared with their code."
)
BY_DATA = (
    "[Methods that choose keys by data](chosen_keys.md) score keys, or blocks of them, and take "
    "the best: their sets depend on q and k."
)
FILTERS = {
    "causal": "causal",
    "both": "both ways",
    "random": "random",
    "plane": "2-D",
    "data": "chosen by data",
    "linear": "cost n or n log n",
    "between": "cost between",
    "quadratic": "cost n²",
}
BOXES = " ".join(
    f'<label><input type="checkbox" value="{value}"> {text}</label>'
    for value, text in FILTERS.items()
)
FILTER = (
    f'<fieldset class="filter" hidden><legend>Show only</legend> {BOXES} '
    '<output aria-live="polite"></output></fieldset>'
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


def drawings() -> dict[str, str]:
    """The text of each figure by its name."""
    entries = {file_of(entry): entry for entry in sr.catalogue()}
    return {f"{n}.svg": figures.svg(f) for n, f in figures.figures(entries, EXAMPLES).items()}


def index(families) -> str:
    """Every pattern as a card, by family."""
    lines = ["# Catalogue", "", INTRODUCTION, "", FILTER, ""]
    for family, entries in families:
        title, rest = headed(entries[0].title)
        lines += [f"## {title}", "", *rest, "::::{container} cards", ""]
        for entry, anchor in zip(entries, anchors(entries)):
            lines += [*entry_card(entry, f"{family}.md#{anchor}"), ""]
        lines += ["::::", ""]
    lines += ["## Keys chosen by data", "", BY_DATA, "", "::::{container} cards", ""]
    for example in EXAMPLES:
        facts = "drawn on the data of seed 0"
        link = f"chosen_keys.md#{example.name}"
        figure = f"chosen_{example.name}"
        lines += [*card(example.name, link, figure, facts, ["data"]), ""]
    lines += ["::::", ""]
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


def entry_card(entry: Entry, link: str) -> list[str]:
    """An entry in the index: its thumbnail, cost and reach."""
    reach = paths(entry, brief=True)
    if count := re.search(r"in (\d+)$", reach):
        reach += f" layer{'s' * (count[1] != '1')} at n = {entry.n}"
    facts = f"pairs: {growth(entry)}" + ("" if reach == "-" else f"; {reach}")
    return card(entry.name, link, file_of(entry), facts, tags(entry))


def card(name: str, link: str, figure: str, facts: str, classes: list[str]) -> list[str]:
    """A card of the index, which the filter shows or hides by its classes."""
    return [
        f":::{{container}} card-of {' '.join(classes)}",
        f"[![The pairs of {name}](figures/{figure}.svg)]({link})",
        "",
        f"[`{name}`]({link})",
        "",
        facts,
        ":::",
    ]


def tags(entry: Entry) -> list[str]:
    """What the filter of the index asks about an entry."""
    masks = [sr.dense(p, entry.shape()) for p in entry.patterns()]
    is_causal = not any(np.triu(mask, 1).any() for mask in masks)
    text = f"{entry.text()} {entry.value()!r}"
    costs = {"n": "linear", "n log n": "linear", "n²": "quadratic"}
    return [
        "causal" if is_causal else "both",
        costs.get(growth(entry), "between"),
        *(["random"] if re.search(r"Random\(|random=|seed=", text) else []),
        *(["plane"] if re.search(r"Grid\(\(\d+, \d+\)", text) else []),
    ]


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
        image = f"![The pairs of {example.name}](figures/chosen_{example.name}.svg)"
        lines += [f"## {example.name}", "", plain(title), "", image, ""]
        for paragraph in rest:
            text = cell(paragraph) if paragraph.startswith(SETS) else linked(plain(paragraph))
            lines += [text, ""]
        names = figures.legend(figures.example_panels(example))
        lines += [f"{example.sizes}, n = {example.n}. {names}".strip(), ""]
        folded = ["```text", *example_pictures(example), "```"]
        lines += ["<details><summary>As text</summary>", "", *folded, "", "</details>", ""]
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
    """One pattern: idea, figure by part, set, how to make it, cost, reach, differences."""
    set_, source = entry.definition
    first = f"`{set_}`" if set_.startswith(SETS) and "`" not in set_ else plain(set_)
    lines = [f"## {entry.name}", "", *idea(entry), *drawn(entry)]
    lines += [linked(first + (f" &emsp; {plain(source)}" if source else "")), ""]
    lines += [*statement(entry), *make(entry), *text_picture(entry), play(entry), ""]
    lines += [*costs(entry), *disagreements(entry.name)]
    return [*lines, ""]


@cache
def ideas() -> dict[str, dict[str, str]]:
    """The idea of each entry, of catalogue_ideas.toml."""
    return tomllib.loads((HERE / "catalogue_ideas.toml").read_text(encoding="utf-8"))


def idea(entry: Entry) -> list[str]:
    """The idea in a few sentences."""
    text = ideas().get(entry.name, {}).get("idea")
    return [text, ""] if text else []


def file_of(entry: Entry) -> str:
    """The name of an entry's figure; names differ where capitals do not count, too."""
    return explorer_names()[entry.name]


@cache
def panels(entry: Entry):
    """The panels of an entry's figure."""
    return figures.panels(entry)


def drawn(entry: Entry) -> list[str]:
    """The figure, and what its colours are."""
    image = f"![{figures.alternative(entry.text(), panels(entry))}](figures/{file_of(entry)}.svg)"
    n_q, n_k = entry.shape()
    lengths = f"n = {n_q}" if n_q == n_k else f"(n_q, n_k) = ({n_q}, {n_k})"
    legend = figures.legend(panels(entry))
    return [image, "", f"`{entry.text()}`, {lengths}. {legend}".strip(), ""]


def statement(entry: Entry) -> list[str]:
    """The constructor, and a rule's two statements."""
    definition = notation.NAMES[entry.name]
    lines = [f"`{signature(entry.name)}`", ""]
    if isinstance(definition, type) and issubclass(definition, Rule):
        pairs = ["", *code(definition.pairs)] if definition.pairs else []
        lines += ["```python", *code(definition.formula), *pairs, "```", ""]
    return lines


def make(entry: Entry) -> list[str]:
    """Two lines that run."""
    made = re.sub(r"\b([A-Za-z]\w*)\(", r"sr.\1(", entry.text())
    n_q, n_k = entry.shape()
    length = f"{n_q}" if n_q == n_k else f"({n_q}, {n_k})"
    draw = "heads" if isinstance(entry.value(), tuple) else "mask"
    lines = ["import sparse_ref as sr", "", f"p = {made}", f"sr.plot.{draw}(p, {length})"]
    return ["Make it:", "", "```python", *lines, "```", ""]


def text_picture(entry: Entry) -> list[str]:
    """The picture in text, folded."""
    rows = ["```text", *pictures(entry), "```"]
    return ["<details><summary>As text</summary>", "", *rows, "", "</details>", ""]


def costs(entry: Entry) -> list[str]:
    """The pairs, and which positions influence which: as formulas, and as counted."""
    keys = ", ".join(f"{keys_per_query(entry, n):,.1f} at n = {n:,}" for n in LENGTHS)
    over_blocks = entry.name in OVER_BLOCKS or entry.name.startswith("deepspeed_")
    unit = "blocks" if over_blocks else "pools" if entry.name in OVER_POOLS else "keys"
    counted = (
        "Blocks per row of blocks, for n blocks" if over_blocks else "Keys per query, on average"
    )
    lines = formulas.cost_lines(entry, unit)
    lines += [f"- {counted}: {keys}; pairs grow as {growth(entry)}."]
    lines += formulas.reach_lines(entry)
    lines += [f"- Paths: {paths(entry)}."]
    if over_blocks:
        lines.append("- i and j count blocks: `Blockwise(p, block)` is the pattern over tokens.")
    return [*lines, ""]


def disagreements(name: str) -> list[str]:
    """Where sources differ, as a table."""
    rows = differences(name)
    if not rows:
        return []
    head = "| source | means | this library, and others | keys that differ |"
    return ["Where sources differ:", "", head, "|---|---|---|---|", *rows, ""]


def linked(text: str) -> str:
    """Text whose arXiv numbers are links."""
    return re.sub(r"arXiv (\d{4}\.\d{4,5})", r"[arXiv \1](https://arxiv.org/abs/\1)", text)


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
            return f"{max(never.sum() / past.sum(), 0.01):.0%} of earlier positions never reach"
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
    """The rows of differs.md that name a constructor, without the test."""
    table = re.findall(r"^\| (?!source)(.*) \|$", (HERE / "differs.md").read_text(), re.M)
    return [
        f"| {source} | {meaning} | {others} | {keys} |"
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
        for line in (linked(plain(" ".join(part.split()))), "")
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
    (folder / "figures").mkdir(exist_ok=True)
    for name, text in drawings().items():
        (folder / "figures" / name).write_text(text)


if __name__ == "__main__":
    write()
