"""What somebody else's attention really attends to: exact sets first, then the numbers, as two verdicts.

    report = sr.verify.check(fn, sr.Lookback(256), n=1024, heads=8)
    print(report)                       # which keys are extra or missing, what the set is called, a picture
    sr.verify.assert_conforms(fn, sr.Lookback(256), n=1024)        # in a test
    sr.verify.probe(fn, 64).mask        # the sets alone, with nothing to compare them to
    sr.verify.identify(mask)            # the patterns of this library that a mask equals
    sr.verify.vectors.write(folder)     # `from sparse_ref.verify import vectors`: files for implementations without Python

`fn(q, k, v) -> out` is any attention: NumPy, torch, JAX, or a kernel behind them.
"""

from .calling.arrays import ProbeError
from .check import assert_conforms, check
from .checks.causality import leaked_future
from .checks.finding import Finding
from .checks.numbers import Numbers
from .naming.diagnosis import Diagnosis
from .naming.identify import identify
from .reading.probe import Probe, probe
from .report.report import Report

__all__ = [
    "Diagnosis",
    "Finding",
    "Numbers",
    "Probe",
    "ProbeError",
    "Report",
    "assert_conforms",
    "check",
    "identify",
    "leaked_future",
    "probe",
]
