"""The mcp command: the memory for clients that speak MCP."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from knowhen.memory.cli.session import Session, add_command

SERVER = "knowhen.agents.mcp"
"""Lies above the memory, as this program does; it is imported when it is served."""


def register(app: typer.Typer) -> None:
    add_command(app, mcp)


def mcp(
    session: Session,
    http: Annotated[
        int | None,
        typer.Option(help="Serve HTTP on this port of this machine.", metavar="PORT"),
    ] = None,
    budget: Annotated[int, typer.Option(help="Tokens of a recall.", metavar="TOKENS")] = 1024,
    print_config: Annotated[
        str | None,
        typer.Option(help="Print what claude, cursor, vscode or zed needs.", metavar="CLIENT"),
    ] = None,
) -> None:
    """Serve the memory over MCP, by default on stdio."""
    server = import_module(SERVER)
    if print_config is not None:
        arguments = ["-m", "knowhen.memory.cli", "mcp", "--home", str(session.folder)]
        arguments += ["--space", session.space] if session.chosen_space else []
        session.out.data(server.client_config(print_config, sys.executable, arguments))
        return
    with session.open(writing=True) as memory:
        server.serve(memory, port=http, budget=budget)
