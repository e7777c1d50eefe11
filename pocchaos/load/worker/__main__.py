"""`python -m pocchaos.load.worker`: a Locust User in a local runner that sends the plan it is told on stdin."""

import locust  # isort: skip - it patches the standard library, so it comes before everything else

from pocchaos.load.worker.session import main

del locust
raise SystemExit(main())
