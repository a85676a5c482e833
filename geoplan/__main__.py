"""``python -m geoplan``: the command line, where the command itself is not on the path."""

from geoplan.cli.commands import main

if __name__ == "__main__":
    main()
