"""`python -m embedlab.cli` is `embedlab`."""

from embedlab.cli import main

if __name__ == "__main__":
    main()
