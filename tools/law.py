"""What the law checks share: the tree they look at, and how they answer. A check is a function from the root to a list of complaints."""

import sys
from pathlib import Path


def files(root, *folders, suffixes):
    """Own files below the folders, sorted; build outputs lie elsewhere."""
    found = []
    for folder in folders:
        found += [p for p in (root / folder).rglob("*") if p.suffix in suffixes and p.is_file()]
    return sorted(found)


def run(check):
    """Prints each complaint as `file:line: text` and ends with 1 where there is one. The root may be given as the argument."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    complaints = check(root)
    for complaint in complaints:
        print(complaint)
    if complaints:
        sys.exit(f"{Path(sys.argv[0]).name}: {len(complaints)} against the law (docs/architecture.md)")
    print(f"{Path(sys.argv[0]).name}: good")
