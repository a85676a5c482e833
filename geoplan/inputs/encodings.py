"""Encodings of texts and of the attributes of Shapefiles, told from the bytes: labels on files are often wrong."""

import codecs
import re
import struct
from collections.abc import Iterable
from pathlib import Path

#: Encodings tried in turn where nothing is said or what is said does not fit.
CANDIDATES = ("utf-8", "gb18030")
#: Single-byte encodings: any bytes can be read so, hence they prove nothing.
SINGLE_BYTE = ("iso8859-1", "cp1252", "cp437", "cp850")
#: Lead bytes of the 3,755 common characters of GB 2312 (level 1), which ordinary Chinese text consists of.
GB_LEVEL_1 = range(0xB0, 0xD8)
#: Records of a .dbf that are looked at.
SAMPLE_RECORDS = 5000


def decode_text(data: bytes, encoding: str | None = None) -> str:
    r"""Return the text of `data`: by its byte order mark, else as UTF-8, else as GB18030.

    Raises
    ------
    UnicodeDecodeError
        If it is none of these, or not `encoding`.
    LookupError
        If Python knows no `encoding`.

    Examples
    --------
    >>> decode_text("托位数".encode("gb18030")), decode_text(b"\xef\xbb\xbfbeds")
    ('托位数', 'beds')
    """
    if encoding is not None:
        return data.decode(encoding).removeprefix("\ufeff")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def dbf_encoding(shapefile: Path) -> str | None:
    """Return the encoding of a Shapefile's attributes, or None where all of them are plain ASCII.

    What the ``.cpg`` file says is believed if every text can be read so. A label of a single-byte encoding, or none,
    is overruled by UTF-8 that fits, or by GB18030 that fits and gives mostly common characters.
    """
    texts = _dbf_texts(_sibling(shapefile, ".dbf"))
    if not texts:
        return None
    said = _cpg_says(_sibling(shapefile, ".cpg"))
    if said is not None and said not in SINGLE_BYTE and _fits(texts, said):
        # UTF-8 read as GBK gives rare characters; "联通" in GBK is valid UTF-8 too, hence both are asked
        mislabelled = said == "gb18030" and _fits(texts, "utf-8") and not _looks_chinese(texts)
        return "utf-8" if mislabelled else said
    for encoding in CANDIDATES:
        if _fits(texts, encoding) and (encoding == "utf-8" or _looks_chinese(texts)):
            return encoding
    return said or "iso8859-1"


def _dbf_texts(path: Path | None) -> set[bytes]:
    """Return the texts of a .dbf (field names and character cells) that hold more than ASCII."""
    if path is None:
        return set()
    data = path.read_bytes()
    records, start, width = struct.unpack_from("<IHH", data, 4)
    fields, offset = [], 1
    texts = set()
    for position in range(32, start - 1, 32):
        if data[position] == 0x0D:
            break
        texts.add(data[position : position + 11].split(b"\0")[0])
        kind, length = data[position + 11 : position + 12], data[position + 16]
        if kind == b"C":
            fields.append((offset, length))
        offset += length
    for record in range(min(records, SAMPLE_RECORDS)):
        base = start + record * width
        texts.update(data[base + o : base + o + n].strip(b" \0") for o, n in fields)
    return {text for text in texts if not text.isascii()}


def _fits(texts: Iterable[bytes], encoding: str) -> bool:
    """Return True where every text can be read so; a last character that the field's width cut off is forgiven."""
    for text in texts:
        try:
            text.decode(encoding)
        except UnicodeDecodeError as error:
            cut = error.end >= len(text) and len(text) - error.start < 4 and len(text) >= 9
            if not (cut and error.start > 0):
                return False
        except LookupError:
            return False
    return True


def _looks_chinese(texts: Iterable[bytes]) -> bool:
    """Return True where most characters that are not ASCII are common Chinese ones in GB 2312."""
    common = total = 0
    for text in texts:
        for character in text.decode("gb18030", errors="ignore"):
            if not character.isascii():
                total += 1
                code = character.encode("gb18030")
                common += len(code) == 2 and code[0] in GB_LEVEL_1
    return 2 * common > total


def _cpg_says(path: Path | None) -> str | None:
    """Return Python's name of the encoding that a .cpg states, or None."""
    if path is None:
        return None
    word = re.sub(r"ansi |oem ", "", path.read_text(encoding="ascii", errors="ignore").strip().lower())
    if word == "88591":
        return "iso8859-1"
    for name in (word, f"cp{word}"):
        try:
            found = codecs.lookup(name).name
        except LookupError:
            continue
        # GBK and GB 2312 are parts of GB18030
        return "gb18030" if found in ("gbk", "gb2312", "hz") else found
    return None


def _sibling(path: Path, suffix: str) -> Path | None:
    """Return the file beside `path` with another suffix in either case, or None."""
    beside = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((file for file in beside if file.exists()), None)
