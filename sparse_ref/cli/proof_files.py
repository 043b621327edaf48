"""Files of proofs in SMT-LIB 2, in a folder that may contain other files."""

from __future__ import annotations

from pathlib import Path


class ProofFiles:
    """The files that a command writes; none of another origin is overwritten."""

    def __init__(self, folder: Path):
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"--smt2 must be a folder, or a name for a new one, got {folder}")
        self.folder = folder
        self.count = 0
        self.proofs = 0

    def write(self, files: dict[str, str]) -> None:
        """Write texts by file name. Raises ValueError naming a file that is not one of these."""
        from ..paths.proof.verdict import FILE_MARK

        self.folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            path = self.folder / name
            if (path.exists() or path.is_symlink()) and not _is_written_here(path, FILE_MARK):
                raise ValueError(
                    f"--smt2 must be a folder in which no other file is called {name}, got {path}, "
                    f"which is not {FILE_MARK}"
                )
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="ascii", newline="\n")
        self.count += len(files)
        self.proofs += bool(files)

    def summary(self) -> str:
        """How many files there are, and how to check one."""
        proofs = "proof" if self.proofs == 1 else "proofs"
        return (
            f"{self.folder}: {self.count} files of {self.proofs} {proofs}; "
            "check each with `cvc5 FILE` or `z3 FILE`: its first lines name the answer"
        )


def _is_written_here(path: Path, mark: str) -> bool:
    """Whether a file is regular and its first line says that this library wrote it."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.readline(200).decode("ascii", "replace")
    return head.rstrip("\n") == f"; {path.name}, {mark}"
