"""Every public function of the engine that takes or gives a tensor says its shape: nobody has to run it to learn it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import FUNCTIONS, modules, tree_of

SIDE = r"[\w.']+(?: [*/+] [\w.']+)*"
SHAPE = re.compile(rf"\({SIDE},(?: {SIDE},?)*\)|\(\.\.\.\)|\(\)")
"""As in (n, C, h * 2, w), (rows,), () for one number, (...) where any will do."""


def public_functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name in modules():
        if name.startswith("generation.engine"):
            tree = tree_of(modules()[name])
            classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
            holders: list[ast.Module | ast.ClassDef] = [tree, *classes]
            for node in (node for holder in holders for node in holder.body):
                if isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
                    yield f"{name}.{node.name}", node


def handles_tensors(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    annotations = [one.annotation for one in arguments] + [function.returns]
    words = {word.id for one in annotations if one for word in ast.walk(one) if isinstance(word, ast.Name)}
    return bool(words & {"Tensor", "Pixels", "Floats"})


def test_public_functions_on_tensors_say_their_shapes() -> None:
    handling = [(name, one) for name, one in public_functions() if handles_tensors(one)]
    silent = [name for name, one in handling if not SHAPE.search(ast.get_docstring(one) or "")]
    assert len(handling) >= 30
    assert silent == [], "tell the shape as (n, C, h, w), with dtype or units where they matter"
