"""`python -m pocchaos` is `pocchaos`."""

from pocchaos.cli import main

if __name__ == "__main__":
    main()
