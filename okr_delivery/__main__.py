"""`python -m okr_delivery` is `okr-delivery`."""

import sys

from okr_delivery.cli import main

sys.exit(main())
