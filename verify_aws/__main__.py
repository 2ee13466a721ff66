"""Deploy Rollcall to your AWS account as a separate stack, use and measure it, delete it, write down the results.

    make verify-aws VERIFY='[--yes] [--json] [--dry-run] [--clean-up [--run NAME]] [--region NAME] [--profile NAME]'

Ends with 0 when every step passed and everything is deleted, with 1 when not, and with 2 when it did not start.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3

from operations.deployment import DeploymentError, aws_session
from verify_aws.account import Refused
from verify_aws.identity import PREFIX, is_run
from verify_aws.program import EVIDENCE, Options, Program


def parsed(arguments: Sequence[str]) -> Options:
    """The options; ends the program with 2 for a wrong command line."""
    parser = argparse.ArgumentParser(
        prog="verify_aws", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dry-run", action="store_true", help="print the steps and do nothing; needs no credentials")
    parser.add_argument("--clean-up", action="store_true", help="only delete the resources that killed runs left")
    parser.add_argument(
        "--run",
        metavar="NAME",
        help="with --clean-up: delete this run's resources even if it may still be running elsewhere",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    parser.add_argument(
        "--region", metavar="NAME", help="AWS region; default: AWS_REGION, then the region of the AWS CLI"
    )
    parser.add_argument("--profile", metavar="NAME", help="AWS profile; default: the profile of the AWS CLI")
    parser.add_argument("--evidence", metavar="FOLDER", type=Path, default=EVIDENCE, help="where to write the results")
    options = parser.parse_args(arguments)
    if options.run is not None and not options.clean_up:
        parser.error("--run only works with --clean-up")
    if options.run is not None and not is_run(options.run):
        parser.error(f"--run {options.run}: the name of a run is {PREFIX} and eight characters from 0-9 and a-f")
    if options.clean_up and options.dry_run:
        parser.error("--clean-up and --dry-run cannot be combined")
    return Options(**vars(options))


def asked(question: str) -> bool:
    """The answer of the person at the terminal."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def main() -> int:
    """Run the program; return its exit code."""
    options = parsed(sys.argv[1:])

    def session() -> boto3.Session:
        try:
            return aws_session(options.region, options.profile)
        except DeploymentError as error:
            raise Refused(str(error)) from error

    try:
        return Program(options, session, ask=asked if sys.stdin.isatty() else None).run()
    except KeyboardInterrupt:
        print("Interrupted; nothing was deployed.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
