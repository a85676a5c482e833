"""What a spreadsheet program shows of the cells that the workbook writes."""

from decimal import ROUND_HALF_UP, Decimal


def shown(cell):
    """Return what a spreadsheet shows of a cell, for the number formats that the workbook writes."""
    value, code = cell.value, cell.number_format
    if value is None or isinstance(value, str):
        return value or ""
    if code.startswith('"'):
        return code.strip('"')
    sign, (code, *_) = "", code.split(";")
    if code.startswith("+"):  # a change: its sign stands before what does not print as nought
        sign, code, value = "+" if value > 0 else "-", code[1:], abs(value)
    digits = len(code.partition(".")[2].rstrip("%"))
    scaled = Decimal(repr(float(value))) * (100 if code.endswith("%") else 1)
    rounded = scaled.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0
    text = f"{rounded:,.{digits}f}" if "," in code else f"{rounded:.{digits}f}"
    return (sign if rounded else "") + text + ("%" if code.endswith("%") else "")
