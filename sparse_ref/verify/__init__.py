"""What an implementation of attention really attends to: exact sets, then numbers, as two verdicts.

    report = sr.verify.check(fn, sr.Lookback(256), n=1024, heads=8)
    print(report)                    # the cause, extra and missing keys, the set's name, a picture
    sr.verify.assert_conforms(fn, sr.Lookback(256), n=1024)     # in a test
    sr.verify.probe(fn, 64).mask     # only the sets, compared with nothing
    sr.verify.identify(mask)         # the patterns of this library that equal a mask
    sr.verify.vectors.write(folder)  # after `from sparse_ref.verify import vectors`: for C

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
