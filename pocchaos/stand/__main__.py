"""`python -m pocchaos.stand ATTEMPTS`: started by `pocchaos.stand.process`, never by hand."""

import sys

from pocchaos.stand.serve import main

if __name__ == "__main__":
    sys.exit(main())
