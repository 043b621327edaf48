"""Tie: the page reads and writes the notation as Python does; and answers what Python refuses."""

import random

import pytest
from page_panels import enter

import sparse_ref as sr
from sparse_ref.catalogue.notation import ParseError

RULES = (
    """
Full(); Causal(); Window(3); Lookback(4); Band(4, -1); Dilated(2, 3); Chunk(6, 2); Global(2);
Sinks(0); GlobalAt((0, 9)); Prefix(5); Local(4); Strided(5); Block(3); Summary(8, 2); Flip(4);
SubBlock(6, 2, 3); LogSparse(); LogSparseRestart(9, 2); DilatedSegment(12, 3, 1); Slashes(());
MemoryBlock(4, 3, 2); Verticals((1,)); Complete(4, 2); Started(3, 3); Documents((2, 4), Causal());
Grid((2, 3), (Full(), Window(1))); Pooled(Started(2), 4, 2)
""".replace("\n", " ")
    .strip()
    .split("; ")
)
FORMS = "{} | {}", "{} & {}", "{} - {}", "({}) - ({})", "({}) & ({})", "~({})", "Shifted({}, 2)"
WRITTEN = """
Lookback(8) | Strided(16) & ~Sinks(2)
Local(4) | (Strided(4) | Full())
(Local(4) | Strided(4)) | Full()
Local(4) - (Strided(4) - Full())
(Local(4) - Strided(4)) - Full()
(Local(4) & Full()) & Strided(3) | Causal()
Local(4) & (Full() | Strided(3)) - Causal()
~~Local(4)
~(Local(4) | Full())
~Local(4) & ~Full()
(~Local(4))
((Local(4)))
Local(l=4) | Summary(c=2, l=8)
Summary(8)
Summary(8, c=2)
Chunk(4)
Neighborhood(24, 5)
Neighborhood(24, keys=5, dilation=2)
Complete(4)
Complete(4, None)
Complete(4, 2)
Pooled(Complete(4), 4)
Pooled(Complete(4), 4, 2)
Pooled(Complete(4), 4, stride=None)
Pooled(Started(4), length=4, stride=4)
GlobalAt((3, 1, 1, 2))
GlobalAt(())
GlobalAt((7,))
Shifted(Local(4), 0)
Shifted(Local(4), -3)
Shifted(Shifted(Local(4), 1), 2)
Shifted(~Local(4) | Full(), -3)
Blockwise(Local(4), 3)
Blockwise(Local(4), (3, 3))
Blockwise(Local(4), block=(3, 5))
Blockwise(Blockwise(Local(4), 2), 3) & Causal()
Documents((1, 2))
Documents((1, 2), None)
Documents((3, 0, 4), inner=Causal() | Sinks(1))
Grid((5,), Window(1))
Grid((5,), (Window(1),))
Grid((3, 4), (Window(1), Full()))
Grid((2, 3, 4), (Full(), Window(1), Causal()))
Window(1000000000000000000)
Window(9007199254740993) - Strided(9007199254740992)
Band(-1, 5) | Band(5, -1)
Band(1_000, 2)
Window(0)
  Local( 4 )|Strided( 4 )
Local(4,) | Strided(4,)
longformer(2) & Causal()
longformer(2, globals=(0, 12)) - Sinks(1)
streaming(3, keys=6) | star(4)
Documents((9,), streaming(1, 2))
~(natten(24, 4, dilation=2))
Blockwise(butterfly(3), 2)
prefix_lm(6) | vertical_slash((0, 1, 9), (0, 1, 6, 13))
deepspeed_sliding(5, "bidirectional")
deepspeed_sliding(5, rule='documentation')
reformer_local(24, 4) & Causal()
""".strip("\n").split("\n")

NOTATION = """texts => texts.map((text) => {
    const { notation, parse } = explorer.logic;
    try {
        return notation(parse(text, explorer.context.data));
    } catch (error) {
        return `!! ${error.message}`;
    }
})"""


@pytest.fixture
def page(open_page):
    return open_page(sr.explore("Full()", 8))


def assert_same_notation(page, texts):
    written = page.evaluate(NOTATION, texts)
    read = [repr(sr.parse(text)) for text in texts]
    assert dict(zip(texts, written)) == dict(zip(texts, read))


def test_the_page_writes_the_catalogue_as_python_does(page):
    shown = [repr(p) for entry in sr.catalogue() for p in entry.patterns()]
    closed = [text for text in shown if not ("Random(" in text or "Listed(" in text)]
    assert len(closed) > 60
    assert_same_notation(page, closed)


def test_the_page_reads_what_hands_write(page):
    assert len(WRITTEN) >= 60
    assert_same_notation(page, WRITTEN)


def composed(numbers, depth):
    """A random expression, with parentheses that it needs and some that it does not."""
    if depth == 0:
        return numbers.choice(RULES)
    parts = composed(numbers, depth - 1), composed(numbers, numbers.randrange(depth))
    return numbers.choice(FORMS).format(*parts)


def test_the_page_reads_what_chance_writes(page):
    numbers = random.Random(17)
    texts = [composed(numbers, numbers.randrange(1, 5)) for _ in range(200)]
    assert len({*texts}) > 150
    assert_same_notation(page, texts)


# text: (what the page reports, the column from 0, what its mend makes of the text, or None)
FAULTS = {
    "Local(4) | Stride(4)": (
        "no pattern is called Stride; did you mean Strided?",
        11,
        "Local(4) | Strided(4)",
    ),
    "lookback(8)": ("no pattern is called lookback; did you mean Lookback?", 0, "Lookback(8)"),
    "Lookback": ("Lookback needs its parameters in parentheses", 0, "Lookback(8)"),
    "Summary | Full()": ("Summary needs its parameters in parentheses", 0, "Summary(8) | Full()"),
    "Local()": ("the parameter l is missing; it is Local(l)", 6, None),
    "Local(k=3)": ("Local has no parameter k; it is Local(l)", 6, "Local(l=3)"),
    "Local(l=3, l=4)": ("the parameter l is given twice", 11, None),
    "Local(4, 5)": ("too many parameters; it is Local(l)", 9, None),
    "Summary(c=1, 4)": ("this parameter needs its name, as the ones before it have", 13, None),
    "Strided(0)": ("Strided: l must be at least 1, got 0", 8, "Strided(1)"),
    "Strided(l=0)": ("Strided: l must be at least 1, got 0", 10, "Strided(l=1)"),
    "Window(-1)": ("Window: radius must be at least 0, got -1", 7, "Window(0)"),
    "Local(True)": ("Local: l must be an integer, got True", 6, None),
    "Local('4')": ("Local: l must be an integer, got '4'", 6, None),
    "Local(4.5)": ("parameters are integers, got 4.5", 6, "Local(5)"),
    "Local(007)": ("007 is no integer: it begins with 0", 6, "Local(7)"),
    "Summary(3, 4)": ("Summary: c must be at most l = 3, got 4", 0, None),
    "Neighborhood(10, 20)": (
        "Neighborhood: keys * dilation must be at most n = 10, got 20",
        13,
        None,
    ),
    "Window(10000000000000000000)": (
        "Window: radius must be at most 10^18, got 10000000000000000000",
        7,
        None,
    ),
    "Verticals(3)": (
        "Verticals: positions must be integers in parentheses, such as (0, 4), got 3",
        10,
        "Verticals((3,))",
    ),
    "Documents((1, -2))": (
        "Documents: lengths must be at least 0, got -2",
        14,
        "Documents((1, 0))",
    ),
    "Grid((3, 3), (Window(1),))": (
        "Grid: patterns must be one for each of the 2 axes, got 1",
        13,
        None,
    ),
    "Blockwise(Local(4), (1, 2, 3))": (
        "Blockwise: block must be an integer or a pair (b_q, b_k)",
        20,
        None,
    ),
    "Shifted(3, Local(4))": ("a pattern is expected here, such as Lookback(8), got 3", 8, None),
    "~8": ("a pattern is expected here, such as Lookback(8), got 8", 1, None),
    "Local(8) | 8": ("a pattern is expected here, such as Lookback(8), got 8", 11, None),
    "": ("a pattern is expected, such as Lookback(8)", 0, None),
    "Local(8) |": ("a pattern such as Lookback(8) is expected at the end", 10, None),
    "| Local(8)": ("a pattern such as Lookback(8) is expected before |", 0, None),
    "Local(4": ("this parenthesis is never closed", 5, "Local(4)"),
    "Local(4))": (") closes no parenthesis", 8, "Local(4)"),
    "Local(4) Full()": ("| & or - is expected before Full", 9, "Local(4) | Full()"),
    "Summary(4 1)": ("a comma is expected before 1", 10, "Summary(4 , 1)"),
    "Local(4) or Full()": ("or is not read here: | joins two patterns", 9, "Local(4) | Full()"),
    "Local(4) && Full()": (
        "&& is not read here: & intersects two patterns",
        9,
        "Local(4) & Full()",
    ),
    "Local(4) + Full()": ("+ is not read here: | joins two patterns", 9, "Local(4) | Full()"),
    "not Local(4)": ("not is not read here: ~ complements a pattern", 0, "~ Local(4)"),
    "Local[8]": ("[ is not read here: parameters stand in ( )", 5, "Local(8]"),
    "Local(8);": ("; is not read here: names, integers and | & - ~ ( ) , = are", 8, None),
    "Local(\u00e9)": ("only ASCII is read here, got \u00e9", 6, None),
    "strided(8) | Full()": ("strided is 2 steps, not one pattern", 0, None),
    "strided(0)": ("strided: l must be at least 1, got 0", 0, None),
    "longnet((4, 8), (1, 2), 3, 2)": (
        "longnet: head must be at most heads - 1 = 1, got 3",
        0,
        None,
    ),
    "Circular(8, 1, 1) & Circular(9, 1, 1)": (
        "both sides of & must be stated for one length, got 8 and 9",
        20,
        None,
    ),
    "Grid((3, 4), (Full(), Circular(5, 1, 1)))": (
        "Grid: a pattern must be stated for the length of its axis, 4, got 5",
        22,
        None,
    ),
    "Documents((5, 4), Circular(5, 1, 1))": (
        "Documents: lengths must all be that of inner, 5",
        10,
        None,
    ),
    "Pooled(Circular(5, 1, 1), 2)": (
        "Pooled: pattern must be stated for every length, not for n = 5",
        7,
        None,
    ),
}


def test_an_error_points_at_its_column_and_mends(page):
    for text in FAULTS:
        with pytest.raises(ParseError):
            sr.parse(text)
        assert_answered(page, text, *FAULTS[text])


def assert_answered(page, text, message, column, mend):
    """The page reports the fault, points at it and keeps the text, which its button mends."""
    box = page.locator(".expression").first
    enter(box, text)
    draft = page.evaluate("explorer.state.drafts['view 0']")
    assert (draft["text"], draft["message"], draft["column"]) == (text, message, column)
    assert box.input_value() == text
    assert page.get_by_role("alert").first.text_content() == f"{message} (column {column + 1})"
    assert page.locator(".marker").first.text_content().index("^") == column
    button = page.locator(".mend").first
    assert button.is_visible() == (mend is not None)
    if mend is not None:
        button.click()
        assert box.input_value() == mend


def test_what_python_alone_builds_is_named(page):
    text = "bigbird(64, 2, 1, 0)"
    message = f'bigbird is built by Python: sr.explore("{text}", n) writes a page of it'
    assert_answered(page, text, message, 0, None)
