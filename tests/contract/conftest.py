"""Where the contract suite gets its device: small hardware of its own, or a running server named by options."""

import pytest

pytest.register_assert_rewrite(f"{__package__}.promises")


def pytest_addoption(parser):
    group = parser.getgroup("device contract")
    group.addoption(
        "--endpoint", help="command endpoint of a running device server, e.g. tcp://127.0.0.1:5601"
    )
    group.addoption("--kind", help="its kind: telescope, cover, shutter, mechanisms, sources, detector, site")
    group.addoption(
        "--work", help="a command of it that takes some seconds (default: one that suits the kind)"
    )
    group.addoption("--work-args", default="{}", help="arguments of --work as JSON")
    group.addoption("--rest", help="a command that undoes --work, where making safe does not")
    group.addoption("--rest-args", default="{}", help="arguments of --rest as JSON")
