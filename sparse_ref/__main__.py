"""python -m sparse_ref: the command `sparse-ref`."""

from .cli import main

raise SystemExit(main())
