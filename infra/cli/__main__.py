"""Runs the command line as `python -m infra.cli`, which is how the supervisor starts its children."""

import sys

from infra.cli.main import main

sys.exit(main())
