"""The command `kappa`, as `python -m kappa` or by the name that the wheel installs."""

import sys

from ._kappa import _main


def main() -> None:
    sys.exit(_main(["kappa", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
