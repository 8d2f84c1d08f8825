"""The law checks must pass a good tree and fail each kind of bad one: every test here breaks one thing in a tree that is good."""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import check_catalog  # noqa: E402
import check_goldens  # noqa: E402
import check_includes  # noqa: E402
import check_text  # noqa: E402

ROW = '{{"greedy", "takes the likeliest token", "", "samplers/greedy.cpp"}, make_greedy}'
ORIGIN = (
    '{"library": "transformers", "version": "5.0", "command": "python tools/golden/nn_tiny.py", "seed": 0, '
    '"tolerance": 1e-5, "why": "f32"}'
)
GOOD = {
    "athanor/core/base/CMakeLists.txt": "ath_room(core/base LIBS yaml-cpp)",
    "athanor/core/base/error.h": "#include <string>\n",
    "athanor/core/base/error.cpp": '#include "athanor/core/base/error.h"\n#include <nlohmann/json.hpp>\n',
    "athanor/core/text/CMakeLists.txt": "# text\nath_room(core/text NEEDS core/base LIBS ${PCRE2})",
    "athanor/core/text/bpe.cpp": '#include "athanor/core/base/error.h"\n',
    "athanor/run/generate/CMakeLists.txt": "ath_room(run/generate NEEDS core/base\n  core/text)",
    "athanor/run/generate/catalog.cpp": ROW + "\n",
    "athanor/run/generate/samplers/greedy.cpp": '#include "athanor/core/text/bpe.h"\n',
    "athanor/run/generate/samplers/part.h": "",
    "athanor/run/generate/samplers/part.cpp": "",
    "athanor/learn/nn/CMakeLists.txt": "ath_room(learn/nn TORCH NEEDS core/base)",
    "athanor/learn/nn/linear.h": "#include <ATen/core/Tensor.h>\n",
    "athanor/learn/nn/linear.cpp": "#include <ATen/ops/linear.h>\n",
    "app/cli/main.cpp": '#include "athanor/run/generate/sampler.h"\n#include "app/cli/help.h"\n',
    "tests/run/generate/test_catalog.cpp": 'find("greedy"); Golden("learn_nn/tiny");',
    "tests/golden/learn_nn/tiny/origin.json": ORIGIN,
    "tests/golden/learn_nn/tiny/data.json": "{}",
    "tools/golden/nn_tiny.py": "",
    "tools/long_files.txt": "# path: reason\n",
}


class Tree(unittest.TestCase):
    """A good tree, changed by `with_files`: a path to new text, or to None to remove it."""

    def complaints(self, check, with_files=None):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {**GOOD, **(with_files or {})}.items():
                if text is not None:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(text)
            return check(root)

    def expect_one(self, check, with_files, *parts):
        complaints = self.complaints(check, with_files)
        self.assertEqual(len(complaints), 1, complaints)
        for part in parts:
            self.assertIn(part, complaints[0])

    def expect_good(self, check, with_files=None):
        self.assertEqual(self.complaints(check, with_files), [])


class Includes(Tree):
    def include(self, path, line, *parts):
        text = GOOD.get(path, "") + line + "\n"
        self.expect_one(check_includes.check, {path: text}, f"{path}:{text.count(chr(10))}: ", *parts)

    def test_good(self):
        self.expect_good(check_includes.check)

    def test_a_room_that_is_not_needed(self):
        self.include("athanor/core/text/bpe.cpp", '#include "athanor/run/generate/x.h"', "core/text does not need run/generate")
        self.include("athanor/core/base/error.cpp", '# include "athanor/core/text/x.h"', "core/base does not need core/text")
        self.include("athanor/run/generate/samplers/greedy.cpp", '#include "athanor/learn/nn/x.h"', "does not need learn/nn")

    def test_libtorch_below_learn(self):
        for header in ("<ATen/core/Tensor.h>", '"torch/library.h"', "<c10/util/Half.h>"):
            self.include("athanor/core/text/bpe.cpp", f"#include {header}", "libtorch is never seen here")
        self.include("app/cli/main.cpp", "#include <ATen/core/Tensor.h>", "libtorch is never seen here")

    def test_heavy_headers_in_learn(self):
        for header in ("torch/torch.h", "torch/nn/module.h", "torch/optim/adam.h", "ATen/ATen.h"):
            self.include("athanor/learn/nn/linear.cpp", f"#include <{header}>", "is used nowhere")
        self.include("athanor/learn/nn/linear.h", "#include <ATen/ops/linear.h>", "ATen/core/Tensor.h at most")

    def test_private_headers_of_learn_may_include_operators(self):
        self.expect_good(check_includes.check, {"athanor/learn/nn/fused/pointers.h": "#include <ATen/ops/empty.h>\n"})

    def test_others_headers_in_a_header(self):
        for header in ("nlohmann/json.hpp", "spdlog/spdlog.h", "fmt/format.h", "yaml-cpp/yaml.h"):
            self.include("athanor/core/base/error.h", f"#include <{header}>", "belongs into .cpp files only")

    def test_a_path_that_is_not_from_the_root(self):
        self.include("athanor/core/text/bpe.cpp", '#include "merges.h"', "from the root")

    def test_the_fast_program_has_no_learn(self):
        self.include("app/cli/main.cpp", '#include "athanor/learn/nn/linear.h"', "built without libtorch")

    def test_needs_point_down(self):
        up = {"athanor/core/text/CMakeLists.txt": "ath_room(core/text NEEDS core/base run/generate)"}
        self.assertTrue(any("never up" in c for c in self.complaints(check_includes.check, up)))
        unknown = {"athanor/core/text/CMakeLists.txt": "ath_room(core/text NEEDS core/base core/none)"}
        self.expect_one(check_includes.check, unknown, "core/text needs core/none, which is no room")
        circle = {"athanor/core/base/CMakeLists.txt": "ath_room(core/base NEEDS core/text)"}
        self.expect_one(check_includes.check, circle, "in a circle: core/base -> core/text -> core/base")

    def test_a_folder_that_is_no_room(self):
        self.expect_one(check_includes.check, {"athanor/core/new/x.cpp": ""}, "athanor/core/new/x.cpp:1: core/new is no room")
        moved = {"athanor/core/text/CMakeLists.txt": "ath_room(core/words NEEDS core/base)"}
        self.assertTrue(any("the room of this folder is core/text" in c for c in self.complaints(check_includes.check, moved)))


class Catalog(Tree):
    def test_good(self):
        self.expect_good(check_catalog.check)

    def test_a_file_without_a_row(self):
        self.expect_one(check_catalog.check, {"athanor/run/generate/samplers/new.cpp": ""}, "samplers/new.cpp:1: a technique without a row")

    def test_an_experiment_without_a_row_or_a_readme(self):
        row = ROW.replace("samplers/greedy.cpp", "some-claim/greedy.cpp")
        lab = {"lab/catalog.cpp": row, "lab/some-claim/greedy.cpp": "", "lab/some-claim/README.md": "what was found"}
        self.expect_good(check_catalog.check, lab)
        self.expect_one(check_catalog.check, {**lab, "lab/some-claim/README.md": None}, "an experiment without a README.md")
        self.expect_one(check_catalog.check, {**lab, "lab/some-claim/other.cpp": ""}, "other.cpp:1: a technique without a row")

    def test_a_room_without_a_catalog_has_no_shelves(self):
        self.expect_good(check_catalog.check, {"athanor/learn/nn/fused/norm.cpp": ""})
        self.expect_one(check_catalog.check, {"athanor/learn/nn/fused/norm.cpp": ROW.replace("samplers/greedy", "fused/norm")}, "no catalog.cpp")

    def test_a_row_without_a_file(self):
        row = GOOD["athanor/run/generate/catalog.cpp"]
        other = row + '{{"top-k", "keeps k", "Fan 2018, with \\"quotes\\"",\n "samplers/top_k.cpp"}}'
        test = GOOD["tests/run/generate/test_catalog.cpp"] + '"top-k"'
        self.expect_one(
            check_catalog.check,
            {"athanor/run/generate/catalog.cpp": other, "tests/run/generate/test_catalog.cpp": test},
            "athanor/run/generate/catalog.cpp:2: the row top-k names samplers/top_k.cpp",
        )

    def test_a_row_that_no_test_names(self):
        self.expect_one(check_catalog.check, {"tests/run/generate/test_catalog.cpp": "greedy"}, 'no test names "greedy"')

    def test_a_row_without_a_sentence(self):
        row = {"athanor/run/generate/catalog.cpp": ROW.replace("takes the likeliest token", "")}
        self.expect_one(check_catalog.check, row, "the row greedy has no sentence")


class Goldens(Tree):
    ORIGIN = "tests/golden/learn_nn/tiny/origin.json"

    def test_good(self):
        self.expect_good(check_goldens.check)
        self.expect_good(check_goldens.check, {"tests/run/generate/test_catalog.cpp": 'Golden("learn_nn/" + name); "tiny"'})

    def test_without_an_origin(self):
        self.expect_one(check_goldens.check, {self.ORIGIN: None}, "a golden without an origin")
        self.expect_one(check_goldens.check, {self.ORIGIN: "{"}, "not JSON")

    def test_an_origin_that_lacks_a_field(self):
        for field in check_goldens.FIELDS:
            if field != "command":
                self.expect_one(check_goldens.check, {self.ORIGIN: ORIGIN.replace(f'"{field}"', '"x"')}, f"lacks {field}")

    def test_a_script_that_is_not_there(self):
        self.expect_one(check_goldens.check, {"tools/golden/nn_tiny.py": None}, "tools/golden/nn_tiny.py is not there")
        self.expect_one(check_goldens.check, {self.ORIGIN: ORIGIN.replace("tools/golden/", "")}, "names no script")

    def test_one_that_no_test_uses(self):
        self.expect_one(check_goldens.check, {"tests/run/generate/test_catalog.cpp": '"learn_nn/other"'}, "no test uses this golden")

    def test_one_that_is_too_large(self):
        self.expect_one(check_goldens.check, {"tests/golden/learn_nn/tiny/data.json": " " * 300_001}, "more than 300000")


class Text(Tree):
    def test_good(self):
        self.expect_good(check_text.check)

    def test_marks_paths_and_hosts(self):
        for line, what in [
            ("// TO" + "DO: later", "an unfinished mark"),
            ('throw "not implement' + 'ed";', "an unfinished mark"),
            ('open("/ho' + 'me/me/x")', "a path of one machine"),
            ("--index-" + "url http://x", "a registry host"),
        ]:
            self.expect_one(check_text.check, {"app/cli/x.cpp": f"\n{line}\n"}, "app/cli/x.cpp:2: ", what)
        self.expect_good(check_text.check, {"app/cli/x.cpp": "// a method, todos, https://x.org/home/page, XXXXXX\n"})

    def test_long_files(self):
        long_file = {"app/cli/x.cpp": "\n" * 401}
        self.expect_one(check_text.check, long_file, "app/cli/x.cpp:1: 401 lines")
        self.expect_good(check_text.check, {**long_file, "tools/long_files.txt": "app/cli/x.cpp: one table\n"})

    def test_reasons_that_are_not_needed(self):
        self.expect_one(check_text.check, {"tools/long_files.txt": "app/cli/main.cpp: long\n"}, "is not long any more")
        self.expect_one(check_text.check, {"tools/long_files.txt": "app/none.cpp: long\n"}, "app/none.cpp is not there")


if __name__ == "__main__":
    unittest.main()
