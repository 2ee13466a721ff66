"""Links of documents lead to files, headings and pages; images exist and have a text for who does not see them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from support.documents import DOCUMENTS, anchors, contents, contents_of, named
from support.repository import ROOT

SHORTENERS = {"bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "aka.ms", "a.co", "amzn.to"}


def fault(document: Path, link: str) -> str | None:
    """What is wrong with the target of a link; None if it leads somewhere."""
    if re.match(r"[a-z]+:", link):
        address = urlsplit(link)
        if address.scheme == "mailto":
            return None
        if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost"):
            return f"{link}: not https"
        if address.hostname in SHORTENERS or "." not in (address.hostname or "") or re.search(r"\s", link):
            return f"{link}: not the address of a page"
        return None
    path, _, anchor = unquote(link).partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.is_relative_to(ROOT) or not target.exists():
        return f"{link}: no such file"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target)):
        return f"{link}: no such heading"
    return None


def test_every_link_leads_somewhere() -> None:
    links = [link for document in DOCUMENTS for link in contents(document).links]
    assert len(links) > 100

    assert [(link.place, found) for link in links if (found := fault(link.document, link.text))] == []


def test_every_image_exists_and_says_what_it_shows() -> None:
    images = [image for document in DOCUMENTS for image in contents(document).images]
    assert images

    assert [image.place for image in images if not (image.document.parent / image.text).is_file()] == []
    assert [image.place for image in images if len(image.label.split()) < 3] == []


def test_every_picture_of_the_folder_is_shown() -> None:
    shown = {(document.parent / image.text).resolve() for document in DOCUMENTS for image in contents(document).images}

    assert {path for path in (ROOT / "docs" / "images").iterdir() if path.resolve() not in shown} == set()


def test_a_document_begins_with_its_only_title() -> None:
    def titles(document: Path) -> list[bool]:
        return [heading.label == "h1" for heading in contents(document).headings]

    assert [named(document) for document in DOCUMENTS if titles(document)[:1] != [True]] == []
    assert [named(document) for document in DOCUMENTS if sum(titles(document)) != 1] == []


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("docs/nowhere.md", "no such file"),
        ("../elsewhere.md", "no such file"),
        ("docs/runbook.md#no-such-heading", "no such heading"),
        ("#no-such-heading", "no such heading"),
        ("Makefile#L10", "no such heading"),
        ("http://www.example.com/", "not https"),
        ("https://bit.ly/3abc", "not the address of a page"),
        ("https://localhost-docs/page", "not the address of a page"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str, found: str) -> None:
    [piece] = contents_of(ROOT / "README.md", f"# A page\n\nText with\n[a link]({link}) in it.\n").links

    assert piece.place == "README.md:4"
    assert fault(piece.document, piece.text) == f"{link}: {found}"


def test_an_image_of_each_form_is_found_with_its_text() -> None:
    text = '# A\n\n![One picture here](a.png)\n\n<img src="b.png" alt="Another one" width="1">\n\n- ![](c.png)\n'

    images = contents_of(ROOT / "README.md", text).images

    assert [(image.line, image.text, image.label) for image in images] == [
        (3, "a.png", "One picture here"),
        (5, "b.png", "Another one"),
        (7, "c.png", ""),
    ]
