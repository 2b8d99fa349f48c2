"""What pyproject.toml cannot say: an installed package carries the dashboard and its files inside itself.

In the repository they stay where they are; in a wheel they lie under ``pruning/_bundled/``, so that nothing named
``pages`` or ``assets`` comes to lie beside other packages.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUNDLED = ("app.py", "pages", "assets", ".streamlit")


class Bundle(build_py):
    """Builds the package, then puts the rest into it; an editable install uses the repository itself."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "pruning" / "_bundled"
        shutil.rmtree(target, ignore_errors=True)
        for name in BUNDLED:
            source = ROOT / name
            target.mkdir(parents=True, exist_ok=True)
            if source.is_file():
                shutil.copy(source, target / name)
                continue
            # Scripts that make the files need the repository, so they are of no use without it.
            left = ("__pycache__", "*.py") if name == "assets" else ("__pycache__",)
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns(*left, "images"))


setup(cmdclass={"build_py": Bundle})
