"""`make release` refuses archives without a file that they need, or with more than the library."""

import tarfile
from zipfile import ZipFile

import pytest
import release

TOPS = [*sorted(release.NEEDED_IN_SDIST - {"tests", "docs"}), "tests/test_sets.py"]
PICTURES = sorted(release.readme_pictures())
SDIST = [*TOPS, "docs/index.md", *PICTURES]
WHEEL = [
    *sorted(release.NEEDED_IN_WHEEL),
    "sparse_ref/__init__.py",
    "sparse_ref-1.dist-info/RECORD",
]


def archives(folder, sdist, wheel):
    """An sdist and a wheel of empty files with these names."""
    empty = folder / "empty"
    empty.touch()
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        for name in sdist:
            archive.add(empty, f"sparse_ref-1/{name}")
    with ZipFile(folder / "a.whl", "w") as archive:
        for name in wheel:
            archive.write(empty, name)
    return folder / "a.tar.gz", folder / "a.whl"


def test_complete_archives_pass(tmp_path):
    release.check_names(*archives(tmp_path, SDIST, WHEEL))


@pytest.mark.parametrize("name", TOPS)
def test_a_file_that_is_missing_from_the_sdist_is_named(name, tmp_path):
    rest = [other for other in SDIST if other != name]
    with pytest.raises(SystemExit, match=f"missing from the archives: {name.split('/')[0]}"):
        release.check_names(*archives(tmp_path, rest, WHEEL))


@pytest.mark.parametrize("name", sorted(release.NEEDED_IN_WHEEL))
def test_a_file_that_is_missing_from_the_wheel_is_named(name, tmp_path):
    rest = [other for other in WHEEL if other != name]
    with pytest.raises(SystemExit, match=f"missing from the archives: {name}"):
        release.check_names(*archives(tmp_path, SDIST, rest))


@pytest.mark.parametrize("name", ["tests/test_sets.py", "sparse_ref_extra.py"])
def test_more_than_the_library_in_the_wheel_is_named(name, tmp_path):
    top = name.split("/")[0]
    with pytest.raises(SystemExit, match=f"the wheel contains more than the library: {top}$"):
        release.check_names(*archives(tmp_path, SDIST, [*WHEEL, name]))


@pytest.mark.parametrize(
    "name", ["sparse_ref/__pycache__/x.nbi", "docs/_build/html/index.html", ".venv/pyvenv.cfg"]
)
def test_a_file_of_this_machine_is_named(name, tmp_path):
    with pytest.raises(SystemExit, match=f"files of this machine are in the archives: {name}"):
        release.check_names(*archives(tmp_path, [*SDIST, name], WHEEL))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_is_missing_is_named(name, tmp_path):
    rest = [other for other in SDIST if other != name]
    with pytest.raises(SystemExit, match=f"pictures of the README are missing: {name}"):
        release.check_names(*archives(tmp_path, rest, WHEEL))
