"""What "auto" is: fn is called in one way after the other, until one makes sense."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

from ...sets.types import Length
from .arrays import Function, ProbeError
from .candidates import MAX_TRIAL, Size, frameworks_to_try, layouts_to_try, trial_sizes
from .layouts import BATCHED, LAYOUTS
from .references import frameworks_of
from .sense import Doubts, sense_doubts
from .subject import CallOptions, Subject

PROGRESS = ("error", "shape", "dtype")  # kinds of errors, by how far fn came


class Trial(NamedTuple):
    """A way to call fn, and the error it ended with, or the tests of sense it failed."""

    layout: str
    framework: str
    error: ProbeError | None
    doubts: Doubts = Doubts(0, 0)

    @property
    def kind(self) -> str:
        """The kind of the error, one of PROGRESS."""
        kind = self.error.kind if self.error else ""
        return kind if kind in PROGRESS else PROGRESS[0]

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
        As `Subject.new`. Or no framework has the device.
    """
    if "auto" not in (options.layout, options.framework):
        return options
    _check_options(fn, n, heads, options)
    fn = _eager(fn)
    sizes = [*trial_sizes(n, heads, options.kv_heads)]
    failed: list[Trial] = []
    frameworks = frameworks_to_try(fn, options)
    if not frameworks:
        raise ValueError(f"no framework that is installed has a device {options.device!r}")
    for framework in frameworks:
        if framework == "torch" and not _is_worth_its_import(fn, failed, options):
            continue
        trials = _layout_trials(fn, sizes, replace(options, framework=framework))
        working = [trial for trial in trials if trial.error is None]
        if working:
            best = _best_trial(fn, working, sizes[-1], options)
            settled = replace(options, layout=best.layout, framework=framework)
            return replace(settled, choice=_words(options, best))
        failed += trials
    advice = _advice(fn, n, heads, options)
    raise _failure(failed, advice)


def _best_trial(
    fn: Function,
    working: Sequence[Trial],
    size: Size,
    options: CallOptions,
) -> Trial:
    """The trial with the fewest doubts, of those whose layout also runs at the size asked for.

    The trial there comes last, so that no state of another layout's stays. A mask that broadcasts
    can fit a wrong layout at one size.
    """
    by_doubts = sorted(working, key=lambda trial: trial.doubts.total)
    for best in by_doubts:
        settled = replace(options, layout=best.layout, framework=best.framework)
        if best.doubts.total == 0 or _trial(fn, size, settled).error is None:
            return best
    return by_doubts[0]


def compatible_layouts(subject: Subject) -> tuple[str, ...]:
    """The layouts in which fn runs and returns the shape of its layout, in the framework of the
    subject.
    """
    trials = [_first_run(subject, name) for name in layouts_to_try(subject.fn, subject.heads)]
    return tuple(trial.layout for trial in trials if trial.error is None)


def other_layouts(subject: Subject) -> tuple[str, ...]:
    """The layouts that make sense, if that of the subject does not; as many axes as it has first.

    >>> from sparse_ref.verify.calling.subject import CallOptions
    >>> def fn(q, k, v): return (q @ k.mT) @ v              # (heads, n, d)
    >>> other_layouts(Subject.new(fn, 5, 2, CallOptions(layout="nhd")))
    ('hnd', 'bhnd')
    """
    own = subject.form.layout
    if is_sensible(_first_run(subject, own)):
        return ()
    trials = [_first_run(subject, name) for name in layouts_to_try(subject.fn, subject.heads)]
    names = [trial.layout for trial in trials if is_sensible(trial)]
    ranks = {name: len(layout.axes) for name, layout in LAYOUTS.items()}
    return tuple(sorted(names, key=lambda name: ranks[name] != ranks[own]))


def hint(subject: Subject) -> str:
    """How else fn should be called, in words; "" if nothing better is known."""
    form = subject.form
    try:
        names = other_layouts(subject)
        if names:
            return f"that is {names[0]}: --layout {names[0]}"
        trial = _first_run(subject, form.layout)
    except ProbeError:  # out of time
        return ""
    if trial.error is None:
        return ""
    return _advice(subject.fn, subject.n, subject.heads, _options(subject))


def _advice(fn: Function, n: Length, heads: int, options: CallOptions) -> str:
    """What to change in options with which fn does not run; "" if nothing helps."""
    if (options.layout, options.framework) == ("auto", "auto"):
        return ""
    try:
        settled = resolve(fn, n, heads, replace(options, layout="auto", framework="auto"))
    except ValueError:  # it runs in no way, or in none of the device
        return ""
    names, flags = [], []
    if options.framework not in ("auto", settled.framework):
        names.append(f"a function of {settled.framework}")
        flags.append(f"--framework {settled.framework}")
    if options.layout not in ("auto", settled.layout):
        names.append(settled.layout)
        flags.append(f"--layout {settled.layout}")
    return f"that is {' in '.join(names)}: {' '.join(flags)}" if names else ""


def with_batch(subject: Subject) -> Subject | None:
    """The subject in a layout with a batch: its own, or one that fits as well if "auto" chose.

    None if there is none.
    """
    if subject.form.layout in BATCHED:
        return subject
    if "layout" not in subject.choice:  # it was given
        return None
    for name in layouts_to_try(subject.fn, subject.heads):
        if name in BATCHED and is_sensible(_first_run(subject, name)):
            return replace(subject, form=subject.form._replace(layout=name))
    return None


def is_sensible(trial: Trial) -> bool:
    """Whether fn ran, and passed the hard tests of sense."""
    return trial.error is None and trial.doubts.hard == 0


def _eager(fn: Function) -> Function:
    """The function that torch.compile was given, or fn itself."""
    return getattr(fn, "_torchdynamo_orig_callable", getattr(fn, "_orig_mod", fn))


def _options(subject: Subject) -> CallOptions:
    """The options of a subject."""
    size = subject.kv_heads, subject.d, subject.e
    form = subject.form
    place = form.layout, form.framework, form.dtype, form.device
    return CallOptions(*size, *place, subject.seconds, form.shared_qk)


def _first_run(subject: Subject, layout: str) -> Trial:
    """The trial of a layout at the first size at which fn runs, or at the last that is tried.

    The last size is tried in the subject's own layout only, if it is large.
    """
    options = replace(_options(subject), layout=layout)
    *sizes, whole = trial_sizes(subject.n, subject.heads, subject.kv_heads)
    if layout in (subject.form.layout, "nd") or max(subject.n) <= MAX_TRIAL:
        sizes.append(whole)
    sizes = [size for size in sizes if layout != "nd" or size.heads == 1]
    trials = (_trial(_eager(subject.fn), size, options) for size in sizes)
    for trial in trials:
        if trial.error is None:
            break
    return trial


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
    names = [options.layout] if options.layout != "auto" else layouts_to_try(fn, size.heads)
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
            return Trial(*way, None, sense_doubts(subject, size.batch))
    except ProbeError as error:
        if error.kind == "timeout":
            raise
        return Trial(*way, error)


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
    doubt = "" if is_sensible(best) else ", the least doubtful of those that run"
    return f"{', '.join(parts)}: found by trying{doubt}"


def _failure(failed: Sequence[Trial], advice: str) -> ProbeError:
    """The error of a function that runs in no way: the attempt that came furthest, what to change,
    and what the other attempts raised.
    """
    best = max(failed, key=lambda trial: PROGRESS.index(trial.kind))
    others: dict[str, list[str]] = {}
    for trial in failed:
        others.setdefault(trial.reason, []).append(f"{trial.layout} {trial.framework}")
    same = others.pop(best.reason)[1:]
    lines = [str(best.error), advice] if advice else [str(best.error)]
    lines += [f"the same in {', '.join(same)}"] if same else []
    lines += [f"{', '.join(names)}: {reason}" for reason, names in others.items()]
    return ProbeError("\n  ".join(lines), best.kind)


def _check_options(fn: Any, n: Length, heads: int, options: CallOptions) -> None:
    """Refuse options outside their bounds."""
    layout = "hnd" if options.layout == "auto" else options.layout
    framework = "numpy" if options.framework == "auto" else options.framework
    Subject.new(fn, n, heads, replace(options, layout=layout, framework=framework))
