"""The stand-ins as each event finds them."""

from __future__ import annotations

import pytest

from support.stand_ins import Aws


@pytest.fixture
def aws(stand_ins: Aws) -> Aws:
    stand_ins.start_over()
    return stand_ins
