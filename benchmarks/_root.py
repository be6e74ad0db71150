"""Makes `python benchmarks/<name>.py` see what `python -m benchmarks.<name>` sees.

A script's own folder comes first on its path. There `benchmarks` cannot be imported, and a file of ours could stand in
for a library of its name; so the repository's root takes that place.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
