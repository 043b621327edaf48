"""Exercises of lesson 16, batches, packing, caches: where a token is stored, and what it sees."""

import numpy as np

import sparse_ref as sr

from ..kinds import PatternAnswer, Value
from ..puzzle import Mistake, Puzzle

LENGTHS = (5, 4, 7)
NEAR_AND_FIRST = sr.Sinks(1) | sr.Lookback(3)


def packed_with_sinks():
    """The pattern goes inside, so that it begins again in each document."""
    inner = sr.Sinks(1) | sr.Lookback(3)
    return sr.Documents((5, 4, 7), inner)


PACKED_WITH_SINKS = Puzzle(
    number="16.1",
    title="Pack three documents",
    question=(
        "Documents of 5, 4 and 7 tokens are packed into one array of 16 rows. Each query attends "
        "to the first token of its own document, and to the last three keys of it, itself "
        "included.\n\nReturn the pattern."
    ),
    kind=PatternAnswer(lengths=(16,), drawn_lengths=()),
    reference=packed_with_sinks,
    hints=(
        "For one document it is sr.Sinks(1) | sr.Lookback(3).",
        "sr.Documents(lengths, inner): the pattern `inner` begins again in each document.",
    ),
    mistakes=(
        Mistake(
            "the sink is the first row of the array, so only the first document has one",
            lambda: sr.Documents(LENGTHS) & NEAR_AND_FIRST,
        ),
        Mistake("one document reads another", lambda: NEAR_AND_FIRST),
        Mistake(
            "one key too many at the left edge of the window",
            lambda: sr.Documents(LENGTHS, sr.Sinks(1) | sr.Lookback(4)),
        ),
        Mistake("the sinks are missing", lambda: sr.Documents(LENGTHS, sr.Lookback(3))),
        Mistake(
            "the documents have the lengths 5, 4, 7 in this order",
            lambda: sr.Documents((7, 4, 5), NEAR_AND_FIRST),
        ),
    ),
)


def ring_positions(i, keys):
    """The last position up to i that is `slot` modulo `keys`, if it is no negative one."""
    slot = np.arange(keys)
    age = (i - slot) % keys
    return np.maximum(i - age, -1)


def _moved_up(i, keys):
    """A list that moves up with each token."""
    return np.maximum(np.arange(i - keys + 1, i + 1), -1)


def _unwritten(i, keys):
    """Negative positions as they come."""
    age = (i - np.arange(keys)) % keys
    return i - age


def _other_way_round(i, keys):
    """slot - i in place of i - slot."""
    age = (np.arange(keys) - i) % keys
    return np.maximum(i - age, -1)


def _this_round(i, keys):
    """As if each slot had a token of the round of token i."""
    first = i // keys * keys
    return first + np.arange(keys)


def tokens_and_slots():
    """The token that was written last, and the number of slots."""
    from hypothesis import strategies as st

    return st.tuples(st.integers(0, 200), st.integers(1, 40))


RING_POSITIONS = Puzzle(
    number="16.2",
    title="The content of a ring buffer",
    question=(
        "A window of `keys` keys is decoded with a ring buffer of as many slots: token i goes into "
        "slot i mod keys.\n\nWhich position is in each slot right after token i was written? "
        "Return an array of `keys` integers, with -1 for a slot that nothing was written into."
    ),
    kind=Value(
        examples=(
            (9, 4),
            (2, 4),
            (3, 4),
            (0, 1),
        ),
        arguments=tokens_and_slots,
    ),
    reference=ring_positions,
    hints=(
        "A loop over the tokens 0 to i is right, too.",
        "The position p in slot b satisfies p mod keys = b and i - keys < p <= i.",
    ),
    mistakes=(
        Mistake(
            "these move up with each token: in a ring a token stays in its slot",
            _moved_up,
        ),
        Mistake(
            "slots after that of token i still have a token of the round before, or none",
            _this_round,
        ),
        Mistake(
            "a slot that nothing was written into has no position: -1",
            _unwritten,
        ),
        Mistake(
            "token i is missing: it has been written already",
            lambda i, keys: ring_positions(i - 1, keys),
        ),
        Mistake(
            "the difference is taken the wrong way round: (slot - i) mod keys",
            _other_way_round,
        ),
    ),
)


def second_chunk(q, k, v):
    """Tokens 4 to 7 after a prompt of 4: a window of 4, a ring of 4 slots."""
    ring_k, ring_v = k[:4].copy(), v[:4].copy()  # the prompt
    ring_k[:], ring_v[:] = k[4:], v[4:]  # token i goes into slot i mod 4
    causal = np.tri(8, dtype=bool)
    mask = causal[4:, :4]  # the rows of tokens 4 to 7, a column for each slot
    logits = np.where(mask, q @ ring_k.T, -np.inf)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ ring_v


def chunk_in_a_ring():
    """Every slot is allowed, and the chunk is in all of them: its own future, and no past."""
    return sr.Shifted(sr.Chunk(4, 0), 4)


CHUNK_IN_A_RING = Puzzle(
    number="16.3",
    title="A window in chunks, as it was shipped",
    question=(
        "litgpt 0.5.13 fed long prompts to its sliding-window layers in chunks, and it did what "
        "this code does. It should have been Shifted(Lookback(4), 4): 4 queries, the last of 8 "
        "tokens.\n\nWhich pattern does it have? Each row is a query, so query 0 is token 4; "
        "keys are numbered as tokens."
    ),
    kind=PatternAnswer(
        attention=second_chunk,
        lengths=((4, 8),),
        drawn_lengths=(),
    ),
    reference=chunk_in_a_ring,
    hints=(
        "Print the mask. Which tokens are in the slots when q is multiplied by them?",
        "The mask allows every slot. sr.Shifted(p, 4) gives query i the keys of query i + 4.",
        "sr.Chunk(4, 0) lets the tokens of a chunk of 4 see one another, both ways. Or write the "
        "mask (4, 8) and pass it to sr.interop.from_allowed_mask.",
    ),
    mistakes=(
        Mistake(
            "that is what it should have: tokens 1 to 3 have been overwritten",
            lambda: sr.Shifted(sr.Lookback(4), 4),
        ),
        Mistake(
            "the future is not hidden: rows 4 to 7 of the causal mask allow columns 0 to 3",
            lambda: sr.Shifted(sr.Block(4), 4),
        ),
        Mistake(
            "these are the columns of the mask: slots 0 to 3 contain tokens 4 to 7",
            lambda: sr.Prefix(4),
        ),
        Mistake("a ring of 4 slots has 4 keys, not 8", lambda: sr.Full()),
    ),
)

PUZZLES = (PACKED_WITH_SINKS, RING_POSITIONS, CHUNK_IN_A_RING)
