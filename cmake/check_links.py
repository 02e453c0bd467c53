#!/usr/bin/env python3
"""Follows the links between the pages of the documentation.

    check_links.py FOLDER
    check_links.py --self-test

Every relative link leads to a file or folder of the checkout, and to a heading there if it names one. A reader who starts at
README.md comes to every page of docs/ and to every numbered example.
"""

import re
import sys
import tempfile
from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^[ \t]*```.*?^[ \t]*```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def links(page):
    """Pairs of a file and a heading, which may be empty."""
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        yield target, ((page.parent / path).resolve() if path else page), heading


def headings(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for title in re.findall(r"^#+ +(.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def check(root):
    complaints = []
    seen, todo = set(), [root / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        if page.suffix != ".md":
            continue
        for target, path, heading in links(page):
            if not path.exists():
                complaints.append(f"{page.relative_to(root)}: {target} leads nowhere")
                continue
            if heading and path.suffix == ".md" and heading not in headings(path):
                complaints.append(f"{page.relative_to(root)}: {target} names no heading")
            todo.append(path)
    pages = [*sorted((root / "docs").rglob("*.md")), *sorted((root / "examples").glob("[0-9]*.cpp"))]
    return complaints + [f"{page.relative_to(root)}: no way leads there from README.md" for page in pages if page not in seen]


def self_test():
    """The checker must find fault with each of these, and with none of the sound ones."""
    sound = {"README.md": "[a](docs/a.md#one-two) `[no](link)` [away](https://example.com/x)", "docs/a.md": "# One, two\n[back](../README.md)"}
    cases = [
        ("", {}),
        ("leads nowhere", {"README.md": "[a](docs/a.md) [b](b.md)"}),
        ("names no heading", {"README.md": "[a](docs/a.md#three)"}),
        ("docs/b.md: no way", {"docs/b.md": "[a](a.md)"}),
        ("examples/01_x.cpp: no way", {"examples/01_x.cpp": ""}),
    ]
    for expected, files in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            for name, text in {**sound, **files}.items():
                (root / name).parent.mkdir(exist_ok=True)
                (root / name).write_text(text)
            complaints = check(root)
            if (not any(expected in complaint for complaint in complaints)) if expected else complaints:
                sys.exit(f"self-test: expected {expected!r}, got {complaints}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    complaints = check(Path(sys.argv[1]).resolve())
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    main()
