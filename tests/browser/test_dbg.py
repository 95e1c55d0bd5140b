import pytest

from browser.test_trouble import (
    test_a_missing_home_is_named_with_the_way_to_a_demo_and_shown_once_it_is_there as t,
)


@pytest.mark.parametrize("n", range(25))
def test_again(agent, notebook, tmp_path, n, lab):
    lab.user = tmp_path / "u"
    lab.user.mkdir()
    t(agent, notebook, lab)
