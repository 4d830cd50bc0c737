# SPDX-License-Identifier: Apache-2.0
from keyfleet.transform.gotemplate.functions import sprig
from keyfleet.transform.gotemplate.functions.consul import table


def test_has_sprig_under_a_prefix_but_for_time_and_chance() -> None:
    names = set(table())
    assert {"sprig_upper", "sprig_dict", "sprig_ago", "sprig_bcrypt"} <= names
    assert names.isdisjoint({"sprig_now", "sprig_date", "sprig_randAlpha", "sprig_uuidv4", "upper"})


def test_every_name_is_sprigs_or_its_own() -> None:
    own = {name for name in table() if not name.startswith("sprig_")}
    assert len(own) == 97
    assert len(table()) - len(own) == len(sprig.table()) - 14
