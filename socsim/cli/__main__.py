"""``python -m socsim.cli``."""

from socsim.cli.app import main

if __name__ == "__main__":
    main()
