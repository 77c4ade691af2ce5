"""`python -m counterpoise` is the command `counterpoise`."""

from counterpoise.flows.command_line import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
