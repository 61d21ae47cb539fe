"""scripts/check_layers.py finds an include that points upward, and passes the tree as it is."""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_layers  # noqa: E402


class Layers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.write("libgpt/include/gpt/core/error.h", "")
        self.write("libgpt/include/gpt/tensor/tensor.h", '#include "gpt/core/error.h"\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_downward_passes(self):
        self.write("libgpt/src/tensor/tensor.cc", '#include "gpt/tensor/tensor.h"\n#include <vector>\n')
        self.write("apps/gptask/main.cc", '#include "gpt/tensor/tensor.h"\n')
        self.assertEqual(check_layers.check(self.root), [])

    def test_upward_is_named_with_its_line(self):
        self.write("libgpt/src/core/error.cc", '#include "gpt/core/error.h"\n  #  include "gpt/tensor/tensor.h"\n')
        self.assertEqual(
            check_layers.check(self.root),
            ["libgpt/src/core/error.cc:2: core includes gpt/tensor/tensor.h, which is above it"],
        )

    def test_upward_by_a_relative_path(self):
        self.write("libgpt/src/tensor/local.h", "")
        self.write("libgpt/src/core/error.cc", '#include "../tensor/local.h"\n')
        self.assertEqual(len(check_layers.check(self.root)), 1)

    def test_layers_of_one_rank_in_one_direction_only(self):
        self.write("libgpt/include/gpt/io/file.h", "")
        self.write("libgpt/include/gpt/kernels/copy.h", '#include "gpt/io/file.h"\n')
        self.assertEqual(check_layers.check(self.root), [])
        self.write("libgpt/src/io/file.cc", '#include "gpt/kernels/copy.h"\n')
        self.assertEqual(len(check_layers.check(self.root)), 1)

    def test_a_missing_header_and_an_unknown_layer(self):
        self.write("libgpt/src/core/error.cc", '#include "gpt/core/absent.h"\n')
        self.write("libgpt/src/magic/spell.cc", "")
        self.assertEqual(
            check_layers.check(self.root),
            [
                "libgpt/src/core/error.cc:1: there is no gpt/core/absent.h",
                "libgpt/src/magic/spell.cc: the folder 'magic' is no layer; give it a rank in scripts/check_layers.py",
            ],
        )

    def test_this_tree(self):
        self.assertEqual(check_layers.check(ROOT), [])


if __name__ == "__main__":
    unittest.main()
