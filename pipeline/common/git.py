"""Asks git about this repository."""

import os
import subprocess

from pipeline.common.errors import InputError

# What git says, and what to do; docs/troubleshooting.md says more.
HELP = {
    "not a git repository": "a downloaded zip is none: run `git init && git add --all && git commit --message start` in it",
    "dubious ownership": "this folder is another user's: clone it, or run `git config --global --add safe.directory` with its path",
    "Needed a single revision": "commit what there is: `git add --all && git commit --message start`",
}


def git(*arguments):
    """Return what a git command prints, or raise InputError: there is no git, no repository, no commit in it, or no right to it."""
    try:
        done = subprocess.run(["git", *arguments], env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise InputError("expected git on the PATH, found none; install it") from None
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if line.startswith("fatal:")), done.stderr).removeprefix("fatal: ")
        help_ = next((text for part, text in HELP.items() if part in said), "see docs/troubleshooting.md")
        raise InputError(f"expected a git repository with a commit in it, received of git {arguments[0]}: {said}; {help_}")
    return done.stdout
