"""`python -m knowhen.memory.cli`: the program, where its script is not on the path."""

from knowhen.memory.cli.app import main

main()
