"""A folium map that asks nothing of any network: Leaflet inlined from an installed package, ids fixed, bytes the same.

folium writes links to its scripts on public servers. Here its class is told that it has none, and Leaflet's own files
are put into the page from the wheel ``django-js-lib-leaflet`` (the published files of Leaflet 1.9.4 and its licence; no
Django is needed). A content security policy in the page forbids every request, so that the browser itself vouches for it.
"""

import base64
import html
import mimetypes
import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

import folium
from branca.element import Element, Figure, MacroElement
from jinja2 import Environment, StrictUndefined, Template

from geoplan.words.errors import Note, OutputError
from geoplan.words.numbers import missing

PACKAGE = "django-js-lib-leaflet"

#: Nothing may be fetched; what is in the page may run, and images may be made in it.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"


def policy(origin: str = "") -> str:
    """Return the policy of a page that may have images from one server beside its own; without one, `POLICY`.

    Examples
    --------
    >>> policy("https://maps.example").split("; ")[3]
    'img-src data: blob: https://maps.example'
    """
    return POLICY.replace("blob:", f"blob: {origin}") if origin else POLICY


class OfflineMap(folium.Map):
    """A folium map without links to scripts, styles, fonts or tiles."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own form
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own form


class Script(MacroElement):
    """Code that runs after the map is made; `code` is used as it is and may name the map as ``{map}``."""

    _template = Template("{% macro script(this, kwargs) %}{{ this.rendered() }}{% endmacro %}")

    def __init__(self, code: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Script"
        self._code = code

    def rendered(self) -> str:
        """Return the code with the map's name filled in."""
        parent = self._parent
        return self._code.replace("{map}", parent.get_name() if parent is not None else "null")


@cache
def leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style, its images inside the style.

    Raises
    ------
    OutputError
        If the package that holds them is not installed.
    """
    try:
        folder = resources.files("js_lib_leaflet") / "static" / "js_lib_leaflet"
        script = (folder / "leaflet.js").read_text(encoding="utf-8")
        style = (folder / "leaflet.css").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise OutputError(Note.of("report_leaflet_missing", package=PACKAGE, severity="error")) from error
    # only a debugger reads the source map, and it would ask for a file
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE).strip()
    return script, _inline_images(re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL), folder)


def _inline_images(style: str, folder: Traversable) -> str:
    """Return `style` with every image that it names inside it; Internet Explorer's behaviours are left out."""

    def replace(match: re.Match[str]) -> str:
        name = match.group(1).strip("'\"")
        if name.startswith(("data:", "#")):
            return "none"
        kind = mimetypes.types_map.get(PurePosixPath(name).suffix, "application/octet-stream")
        data = base64.b64encode((folder / name).read_bytes()).decode("ascii")
        return f"url(data:{kind};base64,{data})"

    return re.sub(r"url\(([^)]*)\)", replace, style)


def own(name: str) -> str:
    """Return one of our own scripts or styles in ``geoplan/report/static``."""
    text = (resources.files("geoplan") / "report" / "static" / name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


@cache
def template(name: str) -> Template:
    """Return a page's template in ``geoplan/report/templates``; what it prints is escaped, an unknown name is an error."""
    text = (resources.files("geoplan") / "report" / "templates" / name).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )  # fmt: skip
    return environment.from_string(text.replace("\r\n", "\n"))


_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)


def bundle(*names: str) -> str:
    """Return our scripts `names` and all that they import as one plain script, each file once, what is imported first.

    The files are modules, so that they can be tested one by one; a page that may fetch nothing has them without their imports.
    """
    done: dict[str, str] = {}

    def take(name: str) -> None:
        if name in done:
            return
        code = own(name)
        for needed in _IMPORT.findall(code):
            take(needed)
        done[name] = re.sub(r"^export ", "", _IMPORT.sub("", code), flags=re.MULTILINE)

    for name in names:
        take(name)
    return "\n".join(done.values())


def inline_script(code: str) -> str:
    """Return a script element; an end tag inside `code` cannot close it."""
    return "<script>" + re.sub(r"</(?=script)", r"<\\/", code, flags=re.IGNORECASE) + "</script>"


def clean(text: object) -> str:
    """Return `text` safe inside HTML, quotes included; nothing for a missing value."""
    return "" if missing(text) else html.escape(str(text), quote=True)


def inline_json(text: str, *, element_id: str) -> str:
    """Return a data element that holds JSON; no text in it can end the element or begin another."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    safe = safe.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f'<script type="application/json" id="{element_id}">{safe}</script>'


def fix_ids(root: Element) -> None:
    """Give every element of a folium tree a number for its id, so that the page's ids do not depend on chance.

    folium draws 128 random bits for each id; only their being different matters.
    """
    pending, number = [root], 0
    while pending:
        element = pending.pop()
        element._id = f"{number}"
        number += 1
        pending.extend(reversed(list(element._children.values())))
        if isinstance(element, Figure):
            pending.extend([element.script, element.html, element.header])
