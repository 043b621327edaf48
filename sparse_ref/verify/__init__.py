"""What an implementation of attention really attends to: exact sets, then numbers, as two verdicts.

    report = sr.verify.check(fn, sr.Lookback(256), n=1024, heads=8)
    print(report)                    # the cause, extra and missing keys, the set's name, a picture
    sr.verify.assert_conforms(fn, sr.Lookback(256), n=1024)     # in a test
    sr.verify.probe(fn, 64).mask     # only the sets, compared with nothing
    sr.verify.identify(mask)         # the patterns of this library that equal a mask
    sr.verify.check_cache(make, sr.Lookback(256))  # a KV cache, by prompts, chunks and steps
    sr.verify.check_invariance(layer, x)  # later tokens, padding, caches: any causal layer
    sr.verify.check_model(model)     # each layer of a Hugging Face model
    sr.verify.selection(chosen, scores, k, visible)  # is it a top-k of these scores?
    sr.verify.vectors.write(folder)  # after `from sparse_ref.verify import vectors`: for C

`fn(q, k, v) -> out` is any attention: NumPy, torch, JAX, or a kernel behind them.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    from .attention_check import assert_conforms, check
    from .calling.arrays import ProbeError
    from .checks.causality import leaked_future
    from .checks.finding import Finding
    from .checks.numbers import Numbers
    from .drivers.cache import CacheReport, check_cache
    from .drivers.invariance import check_invariance
    from .drivers.invariance_report import InvarianceReport
    from .drivers.model import check_model
    from .drivers.model_report import LayerReport, ModelReport
    from .naming.diagnosis import Diagnosis
    from .naming.identify import identify
    from .reading.probe import Probe, probe
    from .report.report import Report
    from .selections.selection_check import assert_selection, indexer_mistakes, selection
    from .selections.selection_report import SelectionReport

__all__ = [
    "CacheReport",
    "Diagnosis",
    "Finding",
    "InvarianceReport",
    "LayerReport",
    "ModelReport",
    "Numbers",
    "Probe",
    "ProbeError",
    "Report",
    "SelectionReport",
    "assert_conforms",
    "assert_selection",
    "check",
    "check_cache",
    "check_invariance",
    "check_model",
    "identify",
    "indexer_mistakes",
    "leaked_future",
    "probe",
    "selection",
]

_MODULE_OF = {
    "assert_conforms": "attention_check",
    "assert_selection": "selections.selection_check",
    "CacheReport": "drivers.cache",
    "check": "attention_check",
    "check_cache": "drivers.cache",
    "check_invariance": "drivers.invariance",
    "check_model": "drivers.model",
    "Diagnosis": "naming.diagnosis",
    "Finding": "checks.finding",
    "identify": "naming.identify",
    "indexer_mistakes": "selections.selection_check",
    "InvarianceReport": "drivers.invariance_report",
    "LayerReport": "drivers.model_report",
    "leaked_future": "checks.causality",
    "ModelReport": "drivers.model_report",
    "Numbers": "checks.numbers",
    "Probe": "reading.probe",
    "probe": "reading.probe",
    "ProbeError": "calling.arrays",
    "Report": "report.report",
    "selection": "selections.selection_check",
    "SelectionReport": "selections.selection_report",
}

if not _TYPE_CHECKING:

    def __getattr__(name):
        """Modules are imported when first asked for: names of masks need no Numba."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module 'sparse_ref.verify' has no attribute {name!r}")
        value = getattr(_import_module(f".{_MODULE_OF[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
