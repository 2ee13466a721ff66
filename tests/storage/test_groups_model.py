"""Random sequences of changes of users and groups, against a model of a few lines."""

from __future__ import annotations

from random import Random

import pytest

from domain.errors import UniquenessConflict
from domain.ports import MemberChange, MissingUsers, VersionMismatch
from storage.conftest import Directory
from support.samples import LATER, Groups, Users, with_name


@pytest.mark.parametrize("seed", range(3))
def test_a_random_sequence_leaves_what_the_model_has(
    directory: Directory, users: Users, groups: Groups, seed: int
) -> None:
    random = Random(seed)
    people = {user.id: user for user in users.numbered(8)}
    for user in people.values():
        directory.users.create(user)
    everybody, model, names = list(people), dict[str, set[str]](), dict[str, str]()
    for _ in range(60):
        named, chosen = random.choice("ABCD"), tuple(random.sample(everybody, 2))
        is_taken, is_missing = named in names.values(), any(each not in people for each in chosen)
        group = directory.groups.get(random.choice(list(model))) if model and random.random() < 0.8 else None
        if group is None:
            new = groups(named)
            try:
                directory.groups.create(new, chosen)
            except (UniquenessConflict, MissingUsers):
                assert is_taken or is_missing
                continue
            assert not is_taken
            assert not is_missing
            model[new.id], names[new.id] = set(chosen), named
        elif random.random() < 0.15:
            directory.groups.delete(group)
            del model[group.id], names[group.id]
        elif random.random() < 0.1 and len(people) > 3:
            gone = people.pop(random.choice(list(people)))
            directory.users.delete(gone)
            assert directory.groups.leave_all(gone.id) == sum(gone.id in members for members in model.values())
            for members in model.values():
                members.discard(gone.id)
        else:
            changed = with_name(group, named) if random.random() < 0.3 else group
            change = MemberChange(chosen[:1], chosen[1:])
            is_missing = chosen[0] not in people
            is_taken = changed is not group and any(names[other] == named for other in names if other != group.id)
            is_old = chosen[0] in model[group.id] or chosen[1] not in model[group.id]
            try:
                directory.groups.change(group, group.touched(LATER) if changed is group else changed, change)
            except (UniquenessConflict, MissingUsers, VersionMismatch):
                assert is_missing or is_taken or is_old
                continue
            assert not is_missing
            assert not is_taken
            assert not is_old
            model[group.id] = (model[group.id] | {chosen[0]}) - {chosen[1]}
            names[group.id] = changed.display_name

    for group_id, members in model.items():
        assert [each.id for each in directory.members.of(group_id)] == sorted(members)
    for user_id in everybody:
        assert directory.members.having(user_id) == sorted(each for each in model if user_id in model[each])
    assert directory.groups.total() == len(model)
    assert {group.id: group.display_name for group in directory.groups.scan()} == names
