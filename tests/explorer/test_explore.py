"""`sr.explore`: what it takes, what the page is given, and what it refuses."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import unescape

import numpy as np
import pytest
from hostile_texts import Named, texts
from hypothesis import given
from page_files import PageFile, unpack

import sparse_ref as sr
from sparse_ref.define import Rule, span
from sparse_ref.explorer.bundle import pack
from sparse_ref.explorer.listed_rows import pack_rows
from sparse_ref.explorer.page_notation import MAX_TEXT

MAX_BYTES = 300_000
LISTED = sr.Listed.of_rows([[0, 2], [], [1]])
MASK = np.tri(3, dtype=bool)


@dataclass(frozen=True)
class Diagonals(Rule):
    """A_i = { j : i + j = 0 mod m }

    A user's own rule.
    """

    m: int

    @staticmethod
    def formula(i, j, m):
        return (i + j) % m == 0

    @staticmethod
    def solution(i, n, m):
        return span(0, n) if m == 1 else span(0, 0)


@dataclass(frozen=True)
class Squares(Rule):
    """A_i = { j : j**2 <= i }"""

    @staticmethod
    def formula(i, j):
        return j**2 <= i

    @staticmethod
    def solution(i, n):
        return span(0, int(i**0.5) + 1)


def texts_of(page):
    return [view["text"] for view in page.data["views"]]


def labels_of(page):
    return [view["label"] for view in page.data["views"]]


@pytest.mark.parametrize("entry", sr.catalogue(), ids=lambda entry: entry.name)
def test_each_entry_s_page_is_small_and_complete(entry):
    page = sr.explore(entry.text(), entry.shape())
    assert page.shape == entry.shape()
    assert len(page.html.encode()) < MAX_BYTES
    assert len(texts_of(page)) == len(entry.patterns())
    for text, p in zip(texts_of(page), entry.patterns(), strict=True):
        has_data = any(name in text for name in page.data["listed"])
        assert has_data or sr.parse(text) == p


def test_steps_branches_and_heads_have_a_tab_each():
    assert sr.explore(sr.Causal()).data["kind"] == "pattern"
    steps = sr.explore("strided(8)")
    assert (steps.data["kind"], labels_of(steps)) == ("step", ["step 1", "step 2"])
    assert texts_of(steps) == ["Local(8)", "Strided(8)"]
    branches = sr.explore(sr.Branches((sr.Causal(), sr.Sinks(2))))
    assert (branches.data["kind"], labels_of(branches)) == ("branch", ["branch 0", "branch 1"])
    heads = sr.explore([sr.Causal(), sr.Sinks(2), sr.Full()])
    assert (heads.data["kind"], labels_of(heads)) == ("head", ["head 0", "head 1", "head 2"])
    batch = sr.explore([[sr.Causal(), sr.Full()], [sr.Sinks(1), sr.Full()]])
    assert texts_of(batch) == ["Causal()", "Full()"]


@pytest.mark.parametrize(
    ("scheme", "counts", "labels"),
    [
        (sr.Interleaved, {}, ["layer 0", "layer 1"]),
        (sr.Interleaved, {"layers": 3}, ["layer 0", "layer 1", "layer 2"]),
        (sr.Merged, {}, ["layer 0"]),
        (sr.MultiHead, {}, ["head 0", "head 1"]),
        (sr.MultiHead, {"layers": 2, "heads": 1}, ["layer 0", "layer 1"]),
        (
            sr.MultiHead,
            {"layers": 2},
            [f"layer {layer}, head {head}" for layer in (0, 1) for head in (0, 1)],
        ),
    ],
)
def test_a_scheme_has_a_tab_for_each_layer_and_head(scheme, counts, labels):
    value = scheme(sr.strided(4))
    page = sr.explore(value, **counts)
    assert labels_of(page) == labels
    assert page.data["kind"] == labels[0].split()[0] if "," not in labels[0] else "head"
    assert texts_of(page)[0] == repr(value.at(0, 0))


@pytest.mark.parametrize(
    ("p", "shape", "rows"),
    [
        (LISTED, (3, 3), [(3, None)]),
        (MASK, (3, 3), [(3, None)]),
        (np.ones((2, 3, 5), bool), (3, 5), [(3, None)]),
        (sr.csr(sr.Causal(), (4, 6)), (4, 6), [(4, None)]),
        (sr.Random(24, 3, 0), (24, 24), [(24, 24)]),
    ],
    ids=["Listed", "mask", "heads", "CSR", "Random"],
)
def test_explicit_sets_travel_as_data(p, shape, rows):
    page = sr.explore(p)
    assert page.shape == shape
    listed = page.data["listed"].values()
    assert [(rows["rows"], rows["keys"]) for rows in listed] == rows
    assert all(text in page.data["listed"] for text in texts_of(page))


def unpacked(rows):
    """The keys of each row, read as the docstring of the module says."""
    from base64 import b64decode

    numbers = []
    number = shift = 0
    for byte in b64decode(rows["runs"]):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    numbers = iter(numbers)
    keys = []
    for _ in range(rows["rows"]):
        row, place = [], 0
        for _ in range(next(numbers)):
            place += next(numbers)
            stop = place + next(numbers)
            row += range(place, stop)
            place = stop
        keys.append(row)
    assert next(numbers, None) is None
    return keys


@pytest.mark.parametrize(
    "p",
    [
        *(LISTED, sr.Random(40, 3, 0), sr.Full(), sr.Strided(3), sr.Verticals((0, 127, 128))),
        *(sr.Listed.of_rows([]), sr.Listed.of_rows([[]]), sr.Listed.of_rows([[4095], [0, 4095]])),
    ],
    ids=repr,
)
def test_rows_are_packed_without_loss(p):
    n = p.own_length or (300 if not isinstance(p, sr.Listed) else len(p.indptr) - 1)
    n_k = 4096 if isinstance(p, sr.Listed) else n
    rows = unpacked(pack_rows(p, (n, n)))
    assert rows == [p.row(i, n_k).tolist() for i in range(n)]


def test_long_random_rows_take_as_many_bytes_as_the_docstring_says():
    page = sr.explore(sr.Random(4096, 16, 0), 4096)
    listed = pack(json.dumps(page.data["listed"]))
    assert 160_000 < len(listed) < 170_000


def test_a_user_s_rule_is_drawn_by_its_formula():
    page = sr.explore(Diagonals(3) | sr.Sinks(1), 12, m=(1, 9))
    assert texts_of(page) == ["Diagonals(3) | Sinks(1)"]
    assert page.data["rules"]["Diagonals"]["set"] == "A_i = { j : i + j = 0 mod m }"
    assert page.data["ranges"] == {"m": [1, 9]}
    assert "Diagonals: { fill: (i, $keys, $out, m) => {" in PageFile(page.html).code


def test_a_rule_that_cannot_be_translated_is_data_at_this_length():
    page = sr.explore(Squares() & sr.Causal(), 9)
    assert texts_of(page) == ["Squares_1 & Causal()"]
    listed = page.data["listed"]["Squares_1"]
    assert (listed["length"], listed["keys"]) == (None, 9)
    assert unpacked(listed)[4] == [0, 1, 2]


def test_a_rule_with_the_name_of_another_is_data():
    other = type("Causal", (Squares,), {"__doc__": "A_i = { j : j**2 <= i }"})
    same = type("Diagonals", (Diagonals,), {"__doc__": Diagonals.__doc__})
    page = sr.explore([other() | sr.Causal(), Diagonals(2), same(2)], 6)
    assert texts_of(page) == ["Causal_1 | Causal()", "Diagonals(2)", "Diagonals_2"]


@pytest.mark.parametrize(
    "p",
    [
        sr.GlobalAt(range(0, 4000, 3)),
        sr.Shifted(sr.Causal(), 10**9),
    ],
    ids=["long", "shifted far"],
)
def test_what_the_page_cannot_read_is_data(p):
    page = sr.explore(p, 16)
    assert list(page.data["listed"]) == texts_of(page)
    assert len(texts_of(page)[0]) < MAX_TEXT


def test_a_deep_pattern_is_data():
    p = sr.Causal()
    for _ in range(150):
        p = ~p
    page = sr.explore([p], 4)
    assert texts_of(page) == ["Complement_1"]
    assert unpacked(page.data["listed"]["Complement_1"]) == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]


@pytest.mark.parametrize("entry", ["Full", "Random", "strided"])
def test_the_file_needs_no_other_and_its_policy_allows_nothing_else(entry):
    (example,) = [e for e in sr.catalogue() if e.name == entry]
    file = PageFile(sr.explore(example.text(), example.shape()).html)
    texts = file.contents["script"], file.code, file.contents["style"]
    hashes = [sha256(text.encode()).digest() for text in texts]
    digests = [f"'sha256-{b64encode(digest).decode()}'" for digest in hashes]
    assert file.policy["default-src"] == ["'none'"]
    assert file.policy["script-src"] == digests[:2]
    assert file.policy["style-src"] == digests[2:]
    names = {name for _, attributes in file.tags for name in attributes}
    assert not names & {"src", "href", "style"}
    assert not any(name.startswith("on") for name in names)
    code = "\n".join(texts)
    urls = set(re.findall(r"\w+://[^\s\"'`)]*", code)) - {"http://www.w3.org/2000/svg"}
    assert not urls
    loading = r"^import |\bimport\(|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|@import"
    assert not re.search(loading, code, re.M)


@given(texts)
def test_hostile_titles_and_names_end_no_element(text):
    page = sr.explore(Hostile(text), 4, title=text)
    file = PageFile(page.html)
    assert [tag for tag, _ in file.tags] == TAGS
    assert file.data["title"].isprintable()
    assert file.data["views"][0]["text"] == "Hostile()"
    frame = PageFile(page._repr_html_())
    ((tag, attributes),) = frame.tags
    assert tag == "iframe"
    assert attributes["srcdoc"] == page.html


class Hostile(sr.Causal):
    """A_i = { j <= i }</script><script>alert(1)</script>"""

    def __new__(cls, name):
        rule = super().__new__(cls)
        object.__setattr__(rule, "name", name)
        return rule

    def __init__(self, name):
        super().__init__()

    def __repr__(self):
        return self.name


TAGS = [tag for tag, _ in PageFile(sr.explore(sr.Causal(), 4).html).tags]


def test_a_class_with_a_hostile_name_is_data():
    rule = type("</script><script>alert(1)", (Named,), {"name": "'"})
    page = sr.explore(rule(), 4)
    assert texts_of(page) == ["Set_1"]
    assert [tag for tag, _ in PageFile(page.html).tags] == TAGS


@given(texts)
def test_what_is_packed_is_no_markup_and_unpacks_without_loss(text):
    packed = pack(json.dumps([text]))
    assert re.fullmatch("[A-Za-z0-9+/=]+", packed)
    assert json.loads(unpack(packed)) == [text]


def test_save_writes_the_file_and_returns_its_path(tmp_path):
    page = sr.explore("Lookback(4)", 16, title="a window")
    target = page.save(str(tmp_path / "window.html"))
    assert target == tmp_path / "window.html"
    assert target.read_text(encoding="utf-8") == page.html
    assert "<title>a window</title>" in page.html
    assert repr(page) == "<explorer of a window at n = 16>"


def test_a_notebook_shows_it_in_a_frame_that_may_run_nothing_outside():
    html = sr.explore(sr.Causal(), 8)._repr_html_()
    ((_, attributes),) = PageFile(html).tags
    assert attributes["sandbox"] == "allow-scripts allow-downloads"
    assert attributes["title"] == "explorer of Causal()"
    assert unescape(attributes["srcdoc"]).startswith("<!doctype html>")


def test_without_a_length_it_is_that_of_the_pattern_or_64():
    assert sr.explore(sr.Causal()).shape == (64, 64)
    assert sr.explore(sr.natten(100, 7)).shape == (100, 100)
    assert sr.explore("Documents((3, 4))").shape == (7, 7)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((3,), {}, TypeError, "p must be a pattern, steps, branches, a scheme"),
        (([],), {}, TypeError, "p must be a Pattern, or a sequence with one for each head"),
        ((sr.Causal,), {}, TypeError, "write Causal()"),
        (([sr.Causal(), 3],), {}, TypeError, "p[1] must be a Pattern, got 3"),
        (("Lokback(3)",), {}, ValueError, "did you mean 'Lookback'?"),
        ((sr.Causal(), 0), {}, ValueError, "n must be at least 1, got 0"),
        ((sr.Causal(), 4097), {}, ValueError, "n must be at most 4096, got 4097"),
        ((sr.Causal(), 2.0), {}, TypeError, "n must be an integer, got 2.0"),
        ((sr.natten(16, 3), 17), {}, ValueError, "is stated for n = 16, got n = 17"),
        ((sr.Shifted(sr.Random(8, 3, 0), 2),), {}, IndexError, "has rows 0 <= i < 8, got i = 9"),
        ((MASK, 4), {}, ValueError, "needs n_q = 3, got n_q = 4"),
        ((np.ones((3, 3)),), {}, TypeError, "p must be a pattern, steps, branches, a scheme"),
        ((sr.Causal(),), {"title": 3}, TypeError, "title must be a string, got 3"),
        ((sr.Causal(),), {"layers": 2}, TypeError, "layers is for a scheme such as"),
        ((sr.Merged(sr.strided(4)),), {"heads": 0}, ValueError, "heads must be at least 1, got 0"),
        ((sr.Merged(sr.strided(4)),), {"layers": 300}, ValueError, "p must be at most 256"),
        ((sr.Strided(4),), {"stride": (1, 8)}, TypeError, "no rule in p has a parameter stride"),
        ((sr.Window(4),), {"radios": (1, 8)}, TypeError, "did you mean radius?"),
        ((sr.Strided(4),), {"l": 8}, TypeError, "l must be a range (least, most), got 8"),
        ((sr.Strided(4),), {"l": (0, 8)}, ValueError, "the least of its range must be at least 1"),
        ((sr.Strided(4),), {"l": (8, 4)}, ValueError, "the most of its range must be at least 8"),
        ((sr.Strided(4),), {"l": (5, 8)}, ValueError, "l must be a range with its value 4"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(arguments, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        sr.explore(*arguments, **options)


def test_sets_with_names_are_explored_one_by_one():
    from sparse_ref.published.blocks.nsa.branches import NSASets

    sets = NSASets(sr.Causal(), (sr.Causal(),), sr.Lookback(4))
    with pytest.raises(TypeError, match=r"compressed, selected, window of a NSASets: write p\."):
        sr.explore(sets)


def test_no_rule_of_the_library_has_a_parameter_that_is_an_option():
    names = {name for rule in sr.explore(sr.Causal()).data["rules"].values() for name in
             (parameter["name"] for parameter in rule["parameters"])}  # fmt: skip
    assert not names & {"p", "n_q", "title", "layers", "heads"}
