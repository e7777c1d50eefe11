"""`python -m pocchaos.reference`: start the assistant; `settings` lists the variables that it reads."""

import os
import sys

import uvicorn

from pocchaos.reference.app import create_app
from pocchaos.reference.settings import SettingsError, read_settings


def main() -> int:
    """Serve until a signal; 2 where the settings cannot be used."""
    try:
        settings = read_settings(os.environ)
        app = create_app(settings)
    except (SettingsError, ValueError) as error:
        print(f"reference: {error}", file=sys.stderr)  # noqa: T201 - the one line for whoever started it
        return 2
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_level="warning", access_log=False, timeout_graceful_shutdown=5
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
