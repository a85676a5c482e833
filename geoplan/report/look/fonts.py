"""One Chinese font for the atlas: found on the system or in an installed wheel, cut down to the characters used.

PDF readers search and copy text only where the font is embedded with its characters; matplotlib does that for TrueType outlines.
Most free Chinese fonts (Noto Sans CJK, Source Han Sans) have PostScript outlines, several faces to a file and 30,000 glyphs,
so the face for simplified Chinese is taken out, subset to the characters that the atlas prints, and its curves are turned into
TrueType's quadratic ones. The same font and the same characters give the same bytes.
"""

import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from geoplan.words.errors import Note, OutputError

#: Font files of systems, best first, and the face for simplified Chinese where a file holds several.
SYSTEM_FONTS = (
    ("NotoSansSC-Regular.otf", ""),
    ("NotoSansSC-Regular.ttf", ""),
    ("NotoSansCJKsc-Regular.otf", ""),
    ("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
    ("SourceHanSansSC-Regular.otf", ""),
    ("SourceHanSansCN-Regular.otf", ""),
    ("SourceHanSans-Regular.ttc", "Source Han Sans SC"),
    ("msyh.ttc", "Microsoft YaHei"),
    ("msyh.ttf", ""),
    ("Hiragino Sans GB.ttc", "Hiragino Sans GB W3"),
    ("Deng.ttf", ""),
    ("simhei.ttf", ""),
    ("wqy-microhei.ttc", "WenQuanYi Micro Hei"),
    ("wqy-zenhei.ttc", "WenQuanYi Zen Hei"),
)
#: Installed package -> the function that tells where its font is.
WHEEL_FONT = ("pylopdf_fonts_zh_cn", "sans_path")
#: What pip installs it by.
WHEEL_NAME = "pylopdf-fonts-zh-cn"

#: Stands where the font has no glyph.
NO_GLYPH = "〓"
#: Every character of ASCII, and marks that sheets print whatever the study holds.
ALWAYS = "".join(map(chr, range(32, 127))) + NO_GLYPH + "—–…·×°²≥≤＜＞，。、；：（）“”「」％＿　△①②③④⑤⑥⑦⑧⑨⑩"
#: Largest error of a quadratic curve against the cubic one, in units of a 1000-unit em; invisible in print.
_CURVE_ERROR = 0.5


@dataclass(frozen=True)
class Face:
    """A font file ready to embed, with the advance of each character in ems."""

    path: Path
    advance: dict[str, float]
    source: str

    def safe(self, text: object) -> str:
        """Return `text` with every character that the font lacks replaced by `NO_GLYPH`, on one line."""
        return "".join(c if c in self.advance else NO_GLYPH for c in " ".join(str(text).split("\n")))

    def width(self, text: str, points: float) -> float:
        """Return the width of `text` set in `points`, millimetres."""
        return sum(self.advance.get(c, 1.0) for c in text) * points * 25.4 / 72

    def cut(self, text: str, points: float, width: float) -> str:
        """Return `text`, shortened with … where it is wider than `width` millimetres."""
        if self.width(text, points) <= width:
            return text
        while text and self.width(text + "…", points) > width:
            text = text[:-1]
        return text.rstrip() + "…"

    def wrap(self, text: str, points: float, width: float) -> list[str]:
        """Return `text` broken into lines of at most `width` millimetres: between words, and between Chinese characters.

        A line does not begin with a mark that closes, nor end with one that opens (避头尾).
        """
        lines, line = [], ""
        for piece in _pieces(text):
            if line and self.width((line + piece).rstrip(), points) > width:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        return [*lines, line.rstrip()] if line.strip() or not lines else lines


_CLOSES, _OPENS = "，。、；：）”」》％%？！,.;:)", "（“「《("


def _pieces(text: str) -> list[str]:
    """Return the parts between which a line may break."""
    pieces: list[str] = []
    for c in text:
        wide = ord(c) > 0x2E7F and c not in _CLOSES + _OPENS
        last = pieces[-1] if pieces else ""
        glued = last and (
            c == " "
            or c in _CLOSES
            or last[-1] in _OPENS
            or (not wide and c not in _OPENS and _narrow(last[-1]))
        )
        if glued:
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def _narrow(c: str) -> bool:
    """Return whether a word goes on after `c`."""
    return c != " " and ord(c) <= 0x2E7F and c not in "，、；"


@contextmanager
def face(characters: Iterable[str]) -> Iterator[Face]:
    """Yield a font that holds `characters`, embeddable as TrueType; its file goes when the block ends.

    Parameters
    ----------
    characters
        Everything that is going to be printed; `ALWAYS` is added.

    Raises
    ------
    OutputError
        If neither the system nor an installed wheel has a Chinese font, and DejaVu Sans does not have the characters either.
    """
    wanted = sorted({c for text in characters for c in text if ord(c) >= 32} | set(ALWAYS))
    path, number = find_font(wanted)
    # a reader may still hold the file when the block ends (Windows): then the system clears it with its temporary files
    with TemporaryDirectory(prefix="geoplan", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "face.ttf"
        advance = _subset(path, number, wanted, made)
        yield Face(made, advance, path.name)


def find_font(wanted: Iterable[str] = ()) -> tuple[Path, int]:
    """Return the file of a Chinese font and the number of its face: the system's best, else the wheel's.

    Raises
    ------
    OutputError
        If there is none, and matplotlib's own DejaVu Sans lacks a character of `wanted`.
    """
    for candidate, family in _candidates():
        number = _face_number(candidate, family)
        if number is not None:
            return candidate, number
    plain = _dejavu()
    if _has(plain, wanted):
        return plain, 0
    raise OutputError(Note.of("atlas_no_font", package=WHEEL_NAME, severity="error"))


def _candidates() -> Iterator[tuple[Path, str]]:
    from matplotlib.font_manager import findSystemFonts

    # sorted, so that two copies of one font are always tried in one order
    found = {Path(path).name.lower(): Path(path) for path in sorted(findSystemFonts(), reverse=True)}
    for name, family in SYSTEM_FONTS:
        if name.lower() in found:
            yield found[name.lower()], family
    try:
        wheel: Any = importlib.import_module(WHEEL_FONT[0])
    except ImportError:
        return
    yield Path(getattr(wheel, WHEEL_FONT[1])()), ""


def _dejavu() -> Path:
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def _face_number(path: Path, family: str) -> int | None:
    """Return the number of the face of `family` in a file; None where it is not there or its weight is not fixed."""
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]
    from fontTools.ttLib.ttCollection import TTCollection  # type: ignore[import-untyped]

    try:
        if path.suffix.lower() != ".ttc":
            with TTFont(path, lazy=True) as font:
                return None if "fvar" in font else 0
        with TTCollection(path, lazy=True) as collection:
            for number, font in enumerate(collection.fonts):
                if str(font["name"].getBestFamilyName()) == family or not family:
                    return number
    except (OSError, TTLibError):
        return None
    return None


def _has(path: Path, wanted: Iterable[str]) -> bool:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        known = font.getBestCmap()
    optional = set(ALWAYS)
    return all(ord(c) in known for c in wanted if c not in optional)


def _subset(path: Path, number: int, wanted: list[str], target: Path) -> dict[str, float]:
    """Write the face with the wanted characters and TrueType outlines; return their advances in ems."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont

    options = Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[1, 2, 4, 6])
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF", "DSIG", "kern"]
    with TTFont(path, fontNumber=number, lazy=True, recalcTimestamp=False) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[ord(c) for c in wanted])
        subsetter.subset(font)
        if "glyf" not in font:
            _to_truetype(font)
        names, widths, em = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
        advance = {c: widths[names[ord(c)]][0] / em for c in wanted if ord(c) in names}
        font.save(target)
    return advance


def _to_truetype(font: Any) -> None:  # noqa: ANN401 - a font of fontTools, which has no types
    """Turn PostScript outlines into TrueType ones, in place."""
    from fontTools.pens.cu2quPen import Cu2QuPen  # type: ignore[import-untyped]
    from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
    from fontTools.ttLib import newTable

    order, drawn = font.getGlyphOrder(), font.getGlyphSet()
    error = _CURVE_ERROR * font["head"].unitsPerEm / 1000
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(drawn)
        # PostScript outlines turn the other way round
        drawn[name].draw(Cu2QuPen(pen, error, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    # no instructions, no twilight zone: what a font without hints says (OpenType, table maxp)
    for name in (
        "TwilightPoints", "Storage", "FunctionDefs", "InstructionDefs", "StackElements", "SizeOfInstructions",
    ):  # fmt: skip
        setattr(maxp, f"max{name}", 0)
    maxp.maxZones = 1
    maxp.maxComponentElements = max((len(getattr(g, "components", [])) for g in glyphs.values()), default=0)
    post = font["post"]
    post.formatType, post.extraNames, post.mapping, post.glyphOrder = 2.0, [], {}, order
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    font.sfntVersion = "\000\001\000\000"
