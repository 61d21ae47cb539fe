"""Relative links in the project's Markdown lead to files that exist."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def broken_links(page):
    """The relative targets of a page that are not there."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in LINK.findall(text)]
    return [
        target
        for target in targets
        if target and not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        pages = [page for page in ROOT.rglob("*.md") if not {"build", "runs", ".git"} & set(page.relative_to(ROOT).parts)]
        self.assertTrue(pages)
        for page in pages:
            with self.subTest(page=str(page.relative_to(ROOT))):
                self.assertEqual(broken_links(page), [])


if __name__ == "__main__":
    unittest.main()
