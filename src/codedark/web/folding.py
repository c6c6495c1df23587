"""Words of our own are put into a template when it is compiled, once for each language, so that a page costs the same
with a catalogue as without: a sentence becomes its pieces of text with the values between them.

`{{ _("Units") }}` becomes text; `{% trans until=… %}until {{ until }}{% endtrans %}` becomes text and value, the value
escaped and made visible as everywhere. Plurals wait for their number and are looked up while the page is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import NullTranslations
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

_GAP = re.compile(r"%\((\w+)\)s")


def folding(said: NullTranslations) -> type[CodeGenerator]:
    """What compiles templates with the words of one catalogue in them."""

    class Spoken(CodeGenerator):
        """Folds, then compiles."""

        def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:  # noqa: N802 - the visitor names them
            """A whole template."""
            _Folder(said).visit(node)
            super().visit_Template(node, frame)

    return Spoken


class _Folder(NodeTransformer):
    def __init__(self, said: NullTranslations) -> None:
        self._said: dict[str, Callable[..., str]] = {
            "_": said.gettext,
            "gettext": said.gettext,
            "pgettext": said.pgettext,
        }

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        node.nodes = [piece for child in node.nodes for piece in self._pieces(child)]
        return self.generic_visit(node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        text = self._text(node)
        if text is None or node.kwargs:
            return self.generic_visit(node)
        return nodes.Const(Markup(_plain(text)), lineno=node.lineno)  # nosec B704 - our own words

    def _pieces(self, child: nodes.Expr) -> list[nodes.Expr]:
        text = self._text(child) if isinstance(child, nodes.Call) else None
        if text is None or not isinstance(child, nodes.Call):
            return [child]
        held = {keyword.key: keyword.value for keyword in child.kwargs}
        parts = _GAP.split(text)
        if not held.keys() >= set(parts[1::2]):
            return [child]
        return [
            held[part] if at % 2 else nodes.TemplateData(_plain(part), lineno=child.lineno)
            for at, part in enumerate(parts)
        ]

    def _text(self, call: nodes.Call) -> str | None:
        """What is said in its place, gaps open; None when this says no words known now."""
        words = [word.value for word in call.args if isinstance(word, nodes.Const)]
        if not isinstance(call.node, nodes.Name) or len(words) < len(call.args) or call.dyn_args or call.dyn_kwargs:
            return None
        say = self._said.get(call.node.name)
        return say(*words) if say else None


def _plain(text: str) -> str:
    return text.replace("%%", "%")
