"""Lets `python -m mapper_p2c` do what `mapper-p2c` does."""

from mapper_p2c.mapper import main

if __name__ == "__main__":
    main()
