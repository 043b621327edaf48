"""layout="auto" and framework="auto": fn is called in one way after the other, until one makes
sense.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

from ...sets.checks import lengths
from ...sets.types import Length
from .arrays import Function, ProbeError
from .frameworks import FRAMEWORKS
from .layouts import BATCHED, LAYOUTS
from .references import frameworks_of
from .sense import count_doubts
from .subject import CallOptions, Subject

MAX_TRIAL = 128  # positions of the first trials
PROGRESS = ("error", "shape", "dtype")  # kinds of errors, by how far fn came
WITHOUT_DEVICES = ("numpy", "mlx")


class Size(NamedTuple):
    """Of the arrays of a trial."""

    n: tuple[int, int]
    heads: int
    kv_heads: int | None
    batch: int


class Trial(NamedTuple):
    """A way to call fn, and the error it ended with, or how many tests of sense it failed."""

    layout: str
    framework: str
    error: ProbeError | None
    doubts: int = 0

    @property
    def reason(self) -> str:
        """What went wrong, in one line and without the call."""
        text = str(self.error)
        return text.partition(f"framework {self.framework!r}, ")[2].partition("\n")[0] or text


def resolve(fn: Function, n: Length, heads: int, options: CallOptions) -> CallOptions:
    """The options with layout and framework settled, and how, in `choice`.

    Layouts are tried in the order of LAYOUTS, first with at most 128 positions. The first that
    makes sense is taken, or else the one with the fewest doubts. Frameworks that fn refers to come
    first, then NumPy, then those that are imported. The next framework is tried if fn runs in no
    layout with one. Functions of torch.compile are tried as they were before, so that no trial
    shows in their cache.

    Raises
    ------
    ProbeError
        fn runs in no way; each attempt is listed. Or one of them ran out of time.
    TypeError, ValueError
        As `Subject.new`.
    """
    if "auto" not in (options.layout, options.framework):
        return options
    _check_options(fn, n, heads, options)
    fn = getattr(fn, "_torchdynamo_orig_callable", getattr(fn, "_orig_mod", fn))
    sizes = [*_sizes(n, heads, options.kv_heads)]
    failed: list[Trial] = []
    for framework in _frameworks(fn, options):
        if framework == "torch" and not _is_worth_its_import(fn, failed, options):
            continue
        trials = _layout_trials(fn, sizes, replace(options, framework=framework))
        working = [trial for trial in trials if trial.error is None]
        if working:
            best = min(working, key=lambda trial: trial.doubts)
            settled = replace(options, layout=best.layout, framework=framework)
            return replace(settled, choice=_words(options, best))
        failed += trials
    raise _failure(failed)


def compatible_layouts(subject: Subject) -> tuple[str, ...]:
    """The layouts in which fn runs and returns the shape of its layout, in the framework of the
    subject.
    """
    return tuple(trial.layout for trial in _other_trials(subject) if trial.error is None)


def other_layouts(subject: Subject) -> tuple[str, ...]:
    """The layouts that make sense, if that of the subject does not; as many axes as it has first.

    >>> from sparse_ref.verify.calling.subject import CallOptions
    >>> def fn(q, k, v): return (q @ k.mT) @ v             # (heads, n, d)
    >>> other_layouts(Subject.new(fn, 5, 2, CallOptions(layout="nhd")))
    ('hnd',)
    """
    own = subject.form.layout
    trials = [trial for trial in _other_trials(subject) if is_sensible(trial)]
    names = [trial.layout for trial in trials]
    if own in names:
        return ()
    ranks = {name: len(layout.axes) for name, layout in LAYOUTS.items()}
    return tuple(sorted(names, key=lambda name: ranks[name] != ranks[own]))


def hint(subject: Subject) -> str:
    """How else fn should be called, in words; "" if nothing better is known."""
    form = subject.form
    names = other_layouts(subject)
    if names:
        return f"that is {names[0]}: --layout {names[0]}"
    automatic = replace(_options(subject), layout="auto", framework="auto")
    try:
        settled = resolve(subject.fn, subject.n, subject.heads, automatic)
    except ProbeError:
        return ""
    if settled.framework == form.framework:
        return ""
    flags = f"--framework {settled.framework}"
    if settled.layout != form.layout:
        flags += f" --layout {settled.layout}"
    return f"that is a function of {settled.framework}: {flags}"


def with_batch(subject: Subject) -> Subject | None:
    """The subject in a layout with a batch: its own, or one that fits as well if "auto" chose.

    None if there is none.
    """
    if subject.form.layout in BATCHED:
        return subject
    if not subject.choice:
        return None
    for trial in _other_trials(subject):
        if trial.layout in BATCHED and is_sensible(trial):
            form = subject.form._replace(layout=trial.layout)
            return replace(subject, form=form)
    return None


def is_sensible(trial: Trial) -> bool:
    """Whether fn ran, and passed all tests of sense."""
    return trial.error is None and trial.doubts == 0


def _options(subject: Subject) -> CallOptions:
    """The options of a subject."""
    size = subject.kv_heads, subject.d, subject.e
    form = subject.form
    place = form.layout, form.framework, form.dtype, form.device
    return CallOptions(*size, *place, subject.seconds, form.shared_qk)


def _other_trials(subject: Subject) -> list[Trial]:
    """A trial of each layout, at the size of the subject."""
    options = _options(subject)
    names = [name for name in LAYOUTS if subject.heads == 1 or name != "nd"]
    if subject.form.layout != "thd":
        names = [name for name in names if name != "thd"]
    size = Size(subject.n, subject.heads, subject.kv_heads, 2)
    return [_trial(subject.fn, size, replace(options, layout=name)) for name in names]


def _layout_trials(fn: Function, sizes: Iterable[Size], options: CallOptions) -> list[Trial]:
    """Trials of the layouts, at the first size at which fn runs in one."""
    trials: list[Trial] = []
    for size in sizes:
        trials = [*_trials(fn, size, options)]
        if any(trial.error is None for trial in trials):
            break
    return trials


def _trials(fn: Function, size: Size, options: CallOptions) -> Iterator[Trial]:
    """Trials up to the first that makes sense, or that runs if more would be dangerous: a mask
    broadcasts over axes of 1 to n^3 numbers.
    """
    is_dangerous = size.batch == 1 and max(size.n) > MAX_TRIAL
    names = [options.layout] if options.layout != "auto" else _layouts(fn, size.heads)
    for name in names:
        trial = _trial(fn, size, replace(options, layout=name))
        yield trial
        runs = trial.error is None
        if is_sensible(trial) or (is_dangerous and runs):
            return


def _trial(fn: Function, size: Size, options: CallOptions) -> Trial:
    """What comes of calling fn in one way. A timeout is raised."""
    options = replace(options, kv_heads=size.kv_heads)
    subject = Subject.new(fn, size.n, size.heads, options)
    way = options.layout, options.framework
    try:
        with catch_warnings():
            simplefilter("ignore")
            return Trial(*way, None, count_doubts(subject, size.batch))
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return Trial(*way, error)


def _sizes(n: Length, heads: int, kv_heads: int | None) -> Iterator[Size]:
    """Sizes to try: small ones, then the size asked for, with and without a batch.

    Axes of 1 come last.
    """
    n_q, n_k = lengths(n)
    if max(n_q, n_k) <= MAX_TRIAL:
        yield Size((n_q, n_k), heads, kv_heads, 2)
    else:
        several = (heads, kv_heads) if heads > 1 else (2, 2)
        small_q, small_k = min(n_q, MAX_TRIAL), min(n_k, MAX_TRIAL)
        if small_q == small_k and n_q != n_k:
            small = (MAX_TRIAL // 2, MAX_TRIAL) if n_q < n_k else (MAX_TRIAL, MAX_TRIAL // 2)
        else:
            small = small_q, small_k
        yield Size(small, *several, 2)
        yield Size((n_q, n_k), *several, 2)
    yield Size((n_q, n_k), heads, kv_heads, 1)


def _layouts(fn: Function, heads: int) -> list[str]:
    """The layouts to try: thd if fn takes five arguments, and last if it may take them."""
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    if len(needed) == 5:
        return ["thd"]
    names = [name for name in LAYOUTS if name != "thd" and (heads == 1 or name != "nd")]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return [*names, "thd"] if takes_any else names


def _frameworks(fn: Function, options: CallOptions) -> list[str]:
    """The frameworks to try: those that fn refers to, NumPy, those imported, torch."""
    if options.framework != "auto":
        return [options.framework]
    loaded = [name for name in FRAMEWORKS if FRAMEWORKS[name].module in sys.modules]
    names = dict.fromkeys([*frameworks_of(fn), "numpy", *loaded, "torch"])
    if options.device != "cpu":
        names = dict.fromkeys(name for name in names if name not in WITHOUT_DEVICES)
    return [name for name in names if _is_installed(FRAMEWORKS[name].module)]


def _is_installed(module: str) -> bool:
    """Whether a module can be imported."""
    root = module.partition(".")[0]
    return root in sys.modules or find_spec(root) is not None


def _is_worth_its_import(fn: Function, failed: Iterable[Trial], options: CallOptions) -> bool:
    """Whether torch is to be tried: fn refers to it, it is imported, or NumPy's arrays lacked
    something.
    """
    if options.framework == "torch" or "torch" in sys.modules or "torch" in frameworks_of(fn):
        return True
    causes = (trial.error.__cause__ for trial in failed if trial.error is not None)
    return any(isinstance(cause, (AttributeError, TypeError)) for cause in causes)


def _words(options: CallOptions, best: Trial) -> str:
    """What was settled, and how."""
    parts = [f"layout {best.layout}"] if options.layout == "auto" else []
    parts += [f"framework {best.framework}"] if options.framework == "auto" else []
    doubt = ", though its axes make no full sense" if best.doubts else ""
    return f"{', '.join(parts)}: found by trying{doubt}"


def _failure(failed: Sequence[Trial]) -> ProbeError:
    """The error of a function that runs in no way: what each attempt raised."""
    ways: dict[str, list[str]] = {}
    for trial in failed:
        ways.setdefault(trial.reason, []).append(f"{trial.layout} {trial.framework}")
    lines = [f"{', '.join(names)}: {reason}" for reason, names in ways.items()]
    kinds = [trial.error.kind for trial in failed if trial.error is not None]
    kind = max(kinds, key=lambda kind: PROGRESS.index(kind) if kind in PROGRESS else 0)
    text = "fn runs in no layout and framework that was tried"
    return ProbeError("\n  ".join([f"{text}:", *lines]), kind)


def _check_options(fn: Any, n: Length, heads: int, options: CallOptions) -> None:
    """Refuse options outside their bounds."""
    layout = "hnd" if options.layout == "auto" else options.layout
    framework = "numpy" if options.framework == "auto" else options.framework
    Subject.new(fn, n, heads, replace(options, layout=layout, framework=framework))
