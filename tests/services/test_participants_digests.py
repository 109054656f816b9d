"""What a call holds of its participants tells each from every other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from django_mango.protocol.projection import ProjectedCall, ProjectedParty
from django_mango.services.participants import digests_of

_moments = st.sampled_from([0, 1, 2, 3, 10, 12, 16, 1_748_090_900, 1_748_090_901])
_parties = st.builds(
    ProjectedParty,
    st.just("101"),
    st.just(""),
    st.sampled_from(["caller", "callee"]),
    _moments,
    _moments,
    _moments,
    st.sampled_from([None, 0, 1, 12]),
)


@given(_parties, _parties)
def test_digests_are_equal_for_equal_participants_only(
    one: ProjectedParty, other: ProjectedParty
) -> None:
    assert (digests_of(_call(one)) == digests_of(_call(other))) is (one == other)


def test_digests_stand_under_what_tells_participants_apart() -> None:
    parties = (ProjectedParty("101", "", "callee"), ProjectedParty("", "+7903", "callee"))
    assert list(digests_of(_call(*parties))) == ["101\x1f", "\x1f+7903"]


def _call(*parties: ProjectedParty) -> ProjectedCall:
    return ProjectedCall(
        "incoming", "finished", "answered", "", "", "", "", None, 0, 0, 0, 0, 0,
        "", "", "person", (), "", "", True, False, ("basic",), parties,
    )  # fmt: skip
