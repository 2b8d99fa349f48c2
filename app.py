"""The app: ``python app.py`` starts its server, with Streamlit's own options (``--server.port 8600``).

Streamlit runs this file for each session. ``streamlit run app.py`` works as well; but right after its start it says
"Page not found" above whatever page the first address names, as it looks for files where the pages are folders.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from pages.shared.streamlit_internals import drawing, serve
from pages.shared.uploads import guard

guard()

if drawing():
    from pages.shared.frame import start

    start()
elif __name__ == "__main__":
    serve(__file__, sys.argv[1:])
