"""What is found in an input, and with what it is refused."""

import pytest

from geoplan.words.errors import InputError


def codes(notes):
    return [note.code for note in notes]


def note(notes, code):
    return next(n for n in notes if n.code == code)


def refused(call, *args, **options):
    """Return the error with which a call refuses its input, and the codes of its notes."""
    with pytest.raises(InputError) as error:
        call(*args, **options)
    return error.value, codes(error.value.notes)
