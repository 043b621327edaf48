"""The verdict on a model whose sets are chosen by data: what must not change its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..checks.finding import Finding
from .invariance_trials import findings_of
from .layers import KINDS_WITH_PATTERNS
from .model_feed import ModelError, choose_implementation
from .model_layer import length_for, model_layer, paddings_for, random_tokens
from .outputs import Outputs, rows_finding
from .schedule import Schedule
from .steady_ties import steady_ties


@dataclass(frozen=True)
class Question:
    """How a model is tried; None for what is chosen by its configuration."""

    implementations: Sequence[str]
    n: int | None
    schedule: Schedule | None
    has_cache: bool
    padding: int
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """What is wrong, what was tried, and what could not be."""

    findings: tuple[Finding, ...]
    trials: tuple[str, ...]
    remarks: tuple[str, ...]


def data_layers(model: Any) -> list[str]:
    """The types of layers in a configuration that have no pattern of their own."""
    types = getattr(model.config.get_text_config(), "layer_types", None) or ()
    return [kind for kind in dict.fromkeys(types) if kind not in KINDS_WITH_PATTERNS]


def judge_invariance(model: Any, question: Question) -> Answer:
    """What is found with each implementation, equal findings once."""
    config = model.config.get_text_config()
    n = question.n or length_for(config)
    paddings = [question.padding] if question.padding else paddings_for(config, n)
    ids = random_tokens(model, n, question.seed)
    layer = model_layer(model)
    if not question.has_cache:
        layer = replace(layer, cache=None)
    if question.schedule is not None:
        layer = replace(layer, schedules=(question.schedule,))
    by_name: dict[str, tuple[Finding, ...]] = {}
    outputs: dict[str, Any] = {}
    remarks: list[str] = []
    trials: tuple[str, ...] = ()
    for name in question.implementations:
        try:
            choose_implementation(model, name)
        except ModelError as error:
            remarks.append(f"{name}: not judged: {error}")
            continue
        with steady_ties():
            by_name[name], names = findings_of(layer, ids, paddings)
            trials = max(trials, names, key=len)
            if names != ("error",):
                outputs[name] = layer.whole(ids)
    findings = (*_merge(by_name), *_differences(outputs))
    words = (", ".join(trials), *by_name, f"n = {n}") if by_name else ()
    return Answer(findings, words, tuple(remarks))


def _merge(by_name: dict[str, tuple[Finding, ...]]) -> list[Finding]:
    """The findings of all implementations; the message names those that have it, unless all do."""
    names: dict[Finding, list[str]] = {}
    for name, findings in by_name.items():
        for finding in findings:
            names.setdefault(finding, []).append(name)
    merged = []
    for finding, own in names.items():
        is_common = len(own) == len(by_name)
        text = finding.message if is_common else f"{finding.message} ({', '.join(own)})"
        merged.append(replace(finding, message=text))
    return merged


def _differences(outputs: dict[str, Any]) -> list[Finding]:
    """Rows that differ between the first implementation and another one."""
    if not outputs:
        return []
    (first, out), *others = outputs.items()
    findings: list[Finding] = []
    for name, other in others:
        rows = Outputs.from_array(out).differs(other)
        text = f"{{}} between {first} and {name}: {{}}"
        findings += rows_finding("implementation", rows, text, "differ")
    return findings
