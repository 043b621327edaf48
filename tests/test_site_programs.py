"""What the site's build does with files: links in all their spellings, and copies of notebooks."""

import os

import pytest
from page_programs import page_program

LINKS = {
    "the place of a name": ('<a name="old"></a><a href="#old">x</a>', []),
    "a name with a space": ('<a href="my%20file.txt">x</a>', []),
    "a file": ('<a href="plain.txt">x</a><img src="plain.txt">', []),
    "a place in a file that is no page": ('<a href="plain.txt#top">x</a>', ["plain.txt#top"]),
    "no file": ('<script src="none.js"></script>', ["none.js"]),
    "mail and data": ('<a href="mailto:a@b.c">x</a><img src="data:,">', []),
    "another site": ('<a href="//example.org/page.html">x</a>', []),
}


@pytest.mark.parametrize(("text", "broken"), LINKS.values(), ids=LINKS)
def test_an_address_leads_to_a_file_or_to_a_place_in_a_page(text, broken, tmp_path):
    (tmp_path / "page.html").write_text(text)
    (tmp_path / "plain.txt").touch()
    (tmp_path / "my file.txt").touch()
    lines = page_program("links").broken_links(tmp_path)
    assert lines == [f"page.html: {address}" for address in broken]


def test_files_of_themes_are_not_read_as_pages(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "template.html").write_text('<a href="nowhere.html">x</a>')
    assert page_program("links").broken_links(tmp_path) == []


@pytest.fixture
def folders(tmp_path):
    """A folder with a notebook, and the folder of its copies."""
    source, target = tmp_path / "notebooks", tmp_path / "copies"
    source.mkdir()
    (source / "01_one.ipynb").write_text('{"cells": []}')
    page_program("course").copy_notebooks(source, target)
    return source, target


def test_a_copy_keeps_its_time_until_its_notebook_changes(folders):
    source, target = folders
    copy = target / "01_one.ipynb"
    os.utime(copy, (1, 1))
    page_program("course").copy_notebooks(source, target)
    assert copy.stat().st_mtime == 1
    (source / "01_one.ipynb").write_text('{"cells": [], "nbformat": 4}')
    page_program("course").copy_notebooks(source, target)
    assert copy.stat().st_mtime > 1
    assert "nbformat" in copy.read_text()


def test_the_copy_of_a_notebook_that_is_gone_goes(folders):
    source, target = folders
    (source / "01_one.ipynb").rename(source / "02_two.ipynb")
    page_program("course").copy_notebooks(source, target)
    assert [path.name for path in target.iterdir()] == ["02_two.ipynb"]
