"""The verdict on a Hugging Face model: each layer compared with its pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...sets.checks import integer
from ..attention_check import check
from .driven_report import Call, DrivenReport, report_values
from .layers import MIN_N, Layer, LayerPatterns, layer_patterns_of, layers_of, sufficient_n
from .model_feed import ModelError, ModelFeed, choose_implementation
from .model_invariance import Question, data_layers, judge_invariance
from .model_report import LayerReport, ModelReport
from .schedule import Schedule

IMPLEMENTATIONS = ("eager", "sdpa")


@dataclass(frozen=True)
class Plan:
    """What is asked of a model; schedule is None if it depends on n, decode 0 for no cache."""

    patterns: LayerPatterns
    n: int | None
    schedule: Schedule | None
    has_cache: bool
    padding: int


def check_model(
    model: Any,
    layer_patterns: LayerPatterns = None,
    *,
    n: int | None = None,
    prefill: int | Iterable[int] | None = None,
    decode: int | None = None,
    padding: int = 0,
    implementations: Sequence[str] = IMPLEMENTATIONS,
    **options: Any,
) -> ModelReport:
    """Whether each layer of a Hugging Face model attends to exactly the keys of its pattern.

    The model runs as it is, with its own masks, its own cache and its own attention function; only
    q, k and v of its attention layers are replaced, after rotary embeddings and norms. So the
    weights do not matter: take a tiny configuration with random ones. Every layer is judged by
    `check`, in one forward of all tokens and with a cache.

    The scale, the soft cap, the sinks and the bias are declared as those that a layer passes to its
    attention function.

    If the configuration names a type of layers that has no pattern, as those whose keys an indexer
    chooses, the output of the whole model is judged as `check_invariance` does, with these weights:
    later tokens, padding on the left with the positions that `generate` passes, packed documents,
    a cache by schedules, a cropped cache, and the implementations compared with one another. Equal
    scores go to the smallest index then, whatever torch.topk does with them.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        Its mode and its attention implementation are put back afterwards.
    layer_patterns : pattern, sequence of patterns, function or None
        The pattern of all layers, one for each attention layer in the order of their calls, or
        function(layer index, config) -> pattern. None: from layer_types, sliding_window and
        attention_chunk_size of the configuration.
    n : int or None
        The number of tokens, without padding; None for the least power of two, at least 16, at
        which the windows show.
    prefill, decode : int, sequence of int or None
        The schedule with a cache, as for `check_cache`; None for a prompt, a chunk and single
        steps. decode=0 for no cache.
    padding : int
        How many tokens on the left are padding that attention_mask leaves out; another sequence of
        the batch has none.
    implementations : sequence of str
        The attention implementations; one that the model refuses is named.
    **options
        Options of `check`, for every layer: seed, exhaustive, ...

    Returns
    -------
    ModelReport
        Passed if every layer did; its text has a line for all layers with the same verdict.

    Raises
    ------
    ImportError
        Without transformers and torch.
    TypeError, ValueError
        An argument outside its bounds, a number of patterns other than that of the layers, an
        option of `check` where there is no pattern, or a model that has no layer to judge.

    Examples
    --------
    >>> from transformers import MistralConfig, MistralModel          # doctest: +SKIP
    >>> config = MistralConfig(                                       # doctest: +SKIP
    ...     vocab_size=9, hidden_size=32, intermediate_size=8, num_hidden_layers=2,
    ...     num_attention_heads=4, num_key_value_heads=2, sliding_window=4)
    >>> print(sr.verify.check_model(MistralModel(config)))            # doctest: +SKIP
    PASS MistralModel - 2 attention layers by eager, whole; eager, chunks of 5, 4, ...
    layers 0, 1: PASS Lookback(4)
    """
    if isinstance(implementations, str) or not implementations:
        raise ValueError(f"implementations must be a sequence of names, got {implementations!r}")
    plan = _plan(layer_patterns, n, prefill, decode, padding)
    kinds = data_layers(model) if layer_patterns is None else []
    if kinds:
        return _judge_by_invariance(model, plan, implementations, kinds, options)
    reports: list[LayerReport] = []
    remarks: dict[str, None] = {}
    options = {"ragged": False, **options}
    with _evaluation(model):
        for implementation in implementations:
            try:
                choose_implementation(model, implementation)
                setting = _setting(model, plan)
            except ModelError as error:
                remarks[f"{implementation}: not judged: {error}"] = None
                continue
            remarks |= dict.fromkeys(setting.notes)
            for feed in setting.feeds:
                reports += _layer_reports(feed, setting.layers, implementation, options)
    if not reports:
        raise ValueError(f"model must have a layer that can be judged; {'; '.join(remarks)}")
    return ModelReport(type(model).__name__, tuple(reports), tuple(remarks))


def _plan(
    patterns: LayerPatterns,
    n: int | None,
    prefill: int | Iterable[int] | None,
    decode: int | None,
    padding: int,
) -> Plan:
    """The arguments, once they are checked."""
    padding = integer("padding", padding, 0)
    n = None if n is None else integer("n", n, 1)
    if prefill is None and decode is None:
        return Plan(patterns, n, None, True, padding)
    if prefill is None and decode == 0:
        return Plan(patterns, n, None, False, padding)
    schedule = Schedule.new(() if prefill is None else prefill, decode or 0)
    if n not in (None, schedule.n):
        raise ValueError(f"n must be prefill + decode = {schedule.n}, got {n!r}")
    return Plan(patterns, schedule.n, schedule, True, padding)


def _judge_by_invariance(
    model: Any,
    plan: Plan,
    implementations: Sequence[str],
    kinds: Sequence[str],
    options: dict[str, Any],
) -> ModelReport:
    """The report on a model whose sets no pattern states."""
    unknown = sorted(set(options) - {"seed"})
    if unknown:
        raise ValueError(
            f"{unknown[0]} must not be given for layers of type {kinds[0]!r}, "
            "whose sets depend on the data: they are compared with no pattern"
        )
    question = Question(
        tuple(implementations),
        plan.n,
        plan.schedule,
        plan.has_cache,
        plan.padding,
        integer("seed", options.get("seed", 0), 0),
    )
    with _evaluation(model):
        answer = judge_invariance(model, question)
    if not answer.trials:
        raise ValueError(f"model must have a layer that can be judged; {'; '.join(answer.remarks)}")
    name = type(model).__name__
    return ModelReport(name, (), answer.remarks, answer.findings, answer.trials)


@contextmanager
def _evaluation(model: Any) -> Iterator[None]:
    """The model without dropout; its mode and its implementation are put back."""
    implementation, is_training = model.config._attn_implementation, model.training
    model.eval()
    try:
        yield
    finally:
        model.train(is_training)
        model.set_attn_implementation(implementation)


class Setting(NamedTuple):
    """How a model is called, its layers, and what is not judged."""

    feeds: list[ModelFeed]
    layers: tuple[Layer, ...]
    notes: list[str]


def _setting(model: Any, plan: Plan) -> Setting:
    """How the model is called by this plan, in its attention implementation."""
    whole = ModelFeed(model, padding=plan.padding)
    calls = whole.calls(plan.n or MIN_N)
    patterns = layer_patterns_of(model, calls, plan.patterns)
    whole.n = n = plan.n or sufficient_n(patterns)
    layers = layers_of(model, whole.calls(n), patterns)
    if not plan.has_cache:
        return Setting([whole], layers, [])
    if not all(getattr(call.module, "is_causal", True) for call in calls):
        return Setting([whole], layers, ["with a cache: not judged: a layer is not causal"])
    schedule = plan.schedule or _usual_schedule(n)
    with_cache = ModelFeed(model, schedule, plan.padding, n)
    return Setting([whole, with_cache], layers, [])


def _usual_schedule(n: int) -> Schedule:
    """A prompt, a chunk, and single steps."""
    prompt, chunk = max(n // 3, 1), n // 4
    sizes = (prompt, chunk) if chunk else (prompt,)
    return Schedule(sizes, n - sum(sizes))


def _layer_reports(
    feed: ModelFeed,
    layers: Sequence[Layer],
    implementation: str,
    options: dict[str, Any],
) -> Iterator[LayerReport]:
    """The report of each layer."""
    dtype = str(feed.model.dtype).rpartition(".")[2]
    place: dict[str, Any] = {"dtype": dtype, "device": str(feed.model.device)}
    mode = "whole" if feed.schedule is None else feed.schedule.sizes
    call = _call(feed, implementation, options)
    for layer in layers:
        report = check(
            _attention_of(feed, layer),
            layer.pattern,
            feed.n,
            layout="bhnd",
            framework="torch",
            **layer.sizes,
            **place,
            **vars(layer.form),
            **options,
        )
        driven = DrivenReport(**report_values(report), call=call)
        yield LayerReport(layer.name, layer.label, implementation, mode, driven)


def _call(feed: ModelFeed, implementation: str, options: dict[str, Any]) -> Call:
    """The call that judges the layers in this setting again."""
    schedule = feed.schedule
    arguments: dict[str, Any] = {"decode": 0, "n": feed.n}
    if schedule is not None:
        arguments = {"prefill": schedule.prefill, "decode": schedule.decode}
    arguments |= {"padding": feed.padding or None, "implementations": (implementation,)}
    return Call("check_model", ("model",), {**arguments, **options}, schedules=("prefill",))


def _attention_of(feed: ModelFeed, layer: Layer) -> Callable[..., Any]:
    """fn(q, k, v) of one layer, with the layer's name."""

    def fn(q: Any, k: Any, v: Any) -> Any:
        return feed.attend(layer.key, q, k, v)

    fn.__name__ = fn.__qualname__ = layer.name
    return fn
